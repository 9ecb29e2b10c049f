// A thread that signs: each message brings a key or inputs to sign, and the inputs are answered with their signatures, in order.
import { parentPort } from 'node:worker_threads';
import { jwtSignature, type SigningKey } from '../../oauth/jwt.ts';

export type SigningWork =
  | { readonly type: 'key'; readonly key: SigningKey }
  | { readonly type: 'inputs'; readonly kid: string; readonly inputs: readonly string[] };

const keys = new Map<string, SigningKey>();

parentPort?.on('message', (work: SigningWork) => {
  if (work.type === 'key') keys.set(work.key.kid, work.key);
  else parentPort?.postMessage(signaturesOf(work));
});

function signaturesOf({ kid, inputs }: Extract<SigningWork, { type: 'inputs' }>): readonly string[] {
  const key = keys.get(kid);
  if (!key) throw new Error('The key was not sent');
  return inputs.map((input) => jwtSignature(key, input));
}
