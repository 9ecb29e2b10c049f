// A thread that signs: each message brings a key, or inputs to sign, which are answered with their signatures in order, or says
// which key is not needed any more.
import { parentPort } from 'node:worker_threads';
import { jwtSignature, type SigningKey } from '../../oauth/jwt.ts';

export type SigningWork =
  | { readonly type: 'key'; readonly key: SigningKey }
  | { readonly type: 'inputs'; readonly kid: string; readonly inputs: readonly string[] }
  | { readonly type: 'forget'; readonly kid: string };

const keys = new Map<string, SigningKey>();

parentPort?.on('message', (work: SigningWork) => {
  if (work.type === 'key') keys.set(work.key.kid, work.key);
  else if (work.type === 'forget') keys.delete(work.kid);
  else parentPort?.postMessage(signaturesOf(work));
});

function signaturesOf({ kid, inputs }: Extract<SigningWork, { type: 'inputs' }>): readonly string[] {
  const key = keys.get(kid);
  if (!key) throw new Error('The key was not sent');
  return inputs.map((input) => jwtSignature(key, input));
}
