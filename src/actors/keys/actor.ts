import { ServerError, TemporarilyUnavailable } from '../../oauth/errors.ts';
import type { SigningAlgorithm } from '../../oauth/jwt.ts';
import { spawnActor } from '../runtime/actor.ts';
import type { ActorLimits } from '../runtime/definition.ts';
import type { Guardian } from '../runtime/guardian.ts';
import { changeKeys, keepToSchedule, revokeKeys, rotateKeys, type ChangeParts } from './change.ts';
import type { KeyRing } from './key-ring.ts';
import { KeyNotDecryptable } from './key-vault.ts';
import type { CurrentSigner, KeysMessage, KeysRef, KeysReplies } from './messages.ts';
import { planFirstKeys } from './plan.ts';
import { RingLoader } from './ring-loader.ts';
import { maxAgeOfSet, RELOAD_SECONDS, secondsAfter, type KeyTiming } from './timing.ts';

const SWEEP_MS = 600_000;

/** A row is kept for so long after its key left the JWKS, for whoever wants to know what a token was signed with. */
const KEEP_ROWS_SECONDS = 7 * 86_400;

export interface KeysParts extends ChangeParts {
  readonly guardian: Guardian;
  readonly limits: ActorLimits;
  /**
   * Told each time that the keys were read: which of them may sign, and whether anything is different from the last time, so that
   * what others remember of them is to be forgotten.
   */
  readonly onRead: (unretired: ReadonlySet<string>, isDifferent: boolean) => void;
}

/** Spawns Keys: it alone reads the private halves from the database. */
export function spawnKeys(parts: KeysParts): KeysRef {
  const { guardian, limits, sources, store, timing } = parts;
  const onLoaded = tellDifferences(parts);
  return spawnActor<KeysMessage, KeysReplies>({
    name: 'keys',
    guardian,
    limits,
    timers: [
      { everyMs: RELOAD_SECONDS * 1000, message: { type: 'keepUp' } },
      { everyMs: SWEEP_MS, message: { type: 'sweep' } },
    ],
    behave: () => {
      const rings = new RingLoader({ ...parts, onLoaded });
      return {
        ensure: async () => {
          await changeKeys(parts, 'wait', planFirstKeys);
          requireOpen(await rings.load(), sources.now());
        },
        signer: async ({ algorithm }) =>
          currentSigner(await rings.recent(), algorithm, sources.now(), timing),
        verificationKey: async ({ kid }) => {
          const known = (await rings.current()).find(kid) ?? (await rings.refreshed()).find(kid);
          return known ? { kid, algorithm: known.algorithm, publicKey: known.publicKey } : null;
        },
        jwks: async () => keySet(await rings.current(), sources.now(), timing),
        rotate: async ({ caller }) => {
          requireOpen(await rings.current(), sources.now());
          const made = await rotateKeys(parts, caller);
          return { made, keys: (await rings.load()).summaries(sources.now()) };
        },
        revoke: async ({ kids, caller }) => {
          requireOpen(await rings.current(), sources.now());
          const made = await revokeKeys(parts, kids, caller);
          return { made, keys: (await rings.load()).summaries(sources.now()) };
        },
        list: async () => (await rings.load()).summaries(sources.now()),
        reload: async () => {
          await rings.load();
        },
        keepUp: async () => {
          const ring = await rings.load();
          requireOpen(ring, sources.now());
          if (await keepToSchedule(parts, ring)) await rings.load();
        },
        sweep: () => store.sweep(secondsAfter(sources.now(), -KEEP_ROWS_SECONDS)),
      };
    },
  });
}

function currentSigner(
  ring: KeyRing,
  algorithm: SigningAlgorithm,
  now: Date,
  { trustSeconds }: KeyTiming,
): CurrentSigner {
  const key = ring.signer(algorithm, now);
  if (!key) throw new ServerError('The server has no signing key');
  if (!key.privateKey) throw new KeyNotDecryptable(key.kid);
  // Another replica may have made a key since, which signs by now: what the old one signs would outlive its place in the JWKS.
  const trustedUntil = secondsAfter(ring.readAt, trustSeconds);
  if (trustedUntil <= now) throw new TemporarilyUnavailable('storage');
  const ends = [secondsAfter(now, RELOAD_SECONDS), trustedUntil, ring.nextActivation(algorithm, now)];
  return {
    kid: key.kid,
    algorithm,
    privateKey: key.privateKey,
    validUntil: new Date(Math.min(...ends.map((end) => end?.getTime() ?? Infinity))),
  };
}

function keySet(ring: KeyRing, now: Date, timing: KeyTiming): KeysReplies['jwks'] {
  return {
    keys: ring.keys.map((key) => key.publicJwk),
    maxAgeSeconds: maxAgeOfSet(timing, ring.ageSeconds(now)),
  };
}

/** A key that signs and that this replica cannot open was made with a secret which it lacks. Throws KeyNotDecryptable. */
function requireOpen(ring: KeyRing, now: Date): void {
  const closed = ring.unretired(now).find((key) => !key.privateKey);
  if (closed) throw new KeyNotDecryptable(closed.kid);
}

function tellDifferences({ onRead, sources }: KeysParts): (ring: KeyRing) => void {
  let last = '';
  return (ring) => {
    const unretired = new Set(ring.unretired(sources.now()).map(({ kid }) => kid));
    const found = JSON.stringify(
      ring.keys.map(({ kid, activatesAt }) => [kid, activatesAt, unretired.has(kid)]),
    );
    onRead(unretired, found !== last);
    last = found;
  };
}
