import { afterEach, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { ThreadedSigner } from '../../../src/actors/token/threaded-signer.ts';
import { verifyJwt, type SigningAlgorithm, type SigningKey } from '../../../src/oauth/jwt.ts';
import { eventually } from '../../support/eventually.ts';

const ENTRY = pathToFileURL('dist/src/actors/token/signing-thread.js');

/** What a thread is given at once. */
const [CHUNKS_AT_ONCE, CHUNK] = [2, 8];

/** A thread that breaks when it is asked for something. */
const BROKEN = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ type }) => { if (type === 'inputs') throw new Error('broken'); });
  `)}`,
);

interface Pair {
  readonly key: SigningKey;
  readonly verify: (token: string) => unknown;
}

function newPair(algorithm: SigningAlgorithm): Pair {
  const { privateKey, publicKey } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = randomUUID();
  return {
    key: { kid, algorithm, privateKey },
    verify: (token) => verifyJwt(token, { kid, algorithm, publicKey }),
  };
}

const signers: ThreadedSigner[] = [];
const lost: Error[] = [];

function newSigner(count: number, entry = ENTRY): ThreadedSigner {
  const signer = new ThreadedSigner(count, entry, (error) => lost.push(error));
  signers.push(signer);
  return signer;
}

afterEach(async () => {
  await Promise.all(signers.splice(0).map((signer) => signer.close()));
  lost.length = 0;
});

/** Signs so many tokens at once; what their claims are when they are verified. */
async function signed(signer: ThreadedSigner, { key, verify }: Pair, count: number): Promise<unknown[]> {
  const pending = Array.from({ length: count }, (_, number) => signer.begin(key, 'at+jwt', { number }));
  return (await Promise.all(pending.map(async (jwt) => jwt()))).map(verify);
}

const numbers = (count: number) => Array.from({ length: count }, (_, number) => ({ number }));

/**
 * The threads take their time to start, and what comes meanwhile is signed here. `least`: as many of a hundred signatures are made in
 * threads then.
 */
async function started(signer: ThreadedSigner, pair: Pair, least = 1): Promise<void> {
  await eventually(async () => {
    const before = signer.signedApart;
    await signed(signer, pair, 100);
    return signer.signedApart - before >= least;
  });
}

describe.each(['ES256', 'RS256'] as const)('%s', (algorithm) => {
  const pair = newPair(algorithm);

  test.each([1, 3])('signatures of %d threads are good, and each token gets its own', async (threads) => {
    const signer = newSigner(threads);
    const inThreads = threads * CHUNKS_AT_ONCE * CHUNK;
    await started(signer, pair, inThreads);
    const before = signer.signedApart;
    expect(await signed(signer, pair, 100)).toEqual(numbers(100));
    const apart = signer.signedApart - before;
    // The event loop helps with short ones for as long as it has nothing else to do.
    if (algorithm === 'RS256') expect(apart).toBe(100);
    else expect(apart).toBeGreaterThanOrEqual(inThreads);
    expect(apart).toBeLessThanOrEqual(100);
    expect(lost).toEqual([]);
  });
});

test('keys do not mix', async () => {
  const pairs = [newPair('ES256'), newPair('RS256'), newPair('ES256')];
  const signer = newSigner(2);
  await started(signer, pairs[0]!);
  const all = await Promise.all(pairs.map((pair) => signed(signer, pair, 20)));
  expect(all).toEqual(pairs.map(() => numbers(20)));
});

test('threads forget the keys that are not among those to keep; what was under way is signed all the same', async () => {
  const [kept, gone] = [newPair('ES256'), newPair('ES256')] as const;
  const signer = newSigner(2);
  await started(signer, kept);
  await started(signer, gone);
  const underWay = signed(signer, gone, 50);
  signer.keepOnly(new Set([kept.key.kid]));
  expect(await underWay).toEqual(numbers(50));
  signer.keepOnly(new Set([kept.key.kid]));
  expect([...signer.keysApart]).toEqual([kept.key.kid]);
  // Whoever still has the key may sign with it: it is sent again.
  expect(await signed(signer, gone, 50)).toEqual(numbers(50));
  expect(await signed(signer, kept, 50)).toEqual(numbers(50));
  expect(lost).toEqual([]);
});

test('one token alone is signed here', async () => {
  const pair = newPair('ES256');
  const signer = newSigner(1);
  await started(signer, pair);
  const before = signer.signedApart;
  expect(await signed(signer, pair, 1)).toEqual(numbers(1));
  expect(signer.signedApart).toBe(before);
});

test('what a thread does not sign because it breaks is signed here', async () => {
  const pair = newPair('ES256');
  const signer = newSigner(2, BROKEN);
  await eventually(async () => {
    expect(await signed(signer, pair, 50)).toEqual(numbers(50));
    return lost.some(({ message }) => message === 'broken');
  });
  expect(await signed(signer, pair, 50)).toEqual(numbers(50));
});

test('a thread that cannot even start is done without', async () => {
  const pair = newPair('ES256');
  const signer = newSigner(1, new URL('file:///no/such/thread.js'));
  await eventually(async () => {
    expect(await signed(signer, pair, 50)).toEqual(numbers(50));
    return lost.length;
  });
});

test('after its end all is signed here', async () => {
  const pair = newPair('ES256');
  const signer = newSigner(1);
  await started(signer, pair);
  const pending = signed(signer, pair, 50);
  await signer.close();
  expect(await pending).toEqual(numbers(50));
  expect(await signed(signer, pair, 50)).toEqual(numbers(50));
  expect(lost).toEqual([]);
});
