import { ServerError } from '../../oauth/errors.ts';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../../oauth/jwt.ts';
import type { Sources } from '../../oauth/sources.ts';
import type { AuditRef } from '../audit/messages.ts';
import { spawnActor } from '../runtime/actor.ts';
import type { ActorLimits } from '../runtime/definition.ts';
import type { Guardian } from '../runtime/guardian.ts';
import { KeyRing } from './key-ring.ts';
import type { KeyVault } from './key-vault.ts';
import type { CurrentSigner, KeysMessage, KeysRef, KeysReplies } from './messages.ts';
import type { KeyStore, StoredKey } from './store.ts';

/** How often a replica looks for keys that another one made. */
const RELOAD_MS = 30_000;

/** An unknown key id makes us look again, but no more often than this, whatever a caller sends. */
const MIN_RELOAD_INTERVAL_MS = 5_000;

/** A new key is published this long before it signs: the JWKS's max-age and a replica's reload, with room to spare. */
export const PUBLISH_BEFORE_USE_SECONDS = 600;

export interface KeysParts {
  readonly guardian: Guardian;
  readonly limits: ActorLimits;
  readonly store: KeyStore;
  readonly vault: KeyVault;
  readonly sources: Sources;
  readonly audit: AuditRef;
  /** A replaced key stays published until the last token that it signed has expired. */
  readonly longestTokenLifetimeSeconds: number;
}

/** Spawns Keys: it alone reads the private halves from the database. */
export function spawnKeys(parts: KeysParts): KeysRef {
  const { guardian, limits, sources } = parts;
  return spawnActor<KeysMessage, KeysReplies>({
    name: 'keys',
    guardian,
    limits,
    timers: [{ everyMs: RELOAD_MS, message: { type: 'reload' } }],
    behave: () => {
      const rings = new RingLoader(parts);
      return {
        ensure: () => ensureKeys(parts, rings),
        signer: async ({ algorithm }) => currentSigner(await rings.current(), algorithm, sources.now()),
        verificationKey: async ({ kid }) => {
          const known = (await rings.current()).find(kid) ?? (await rings.refreshed()).find(kid);
          return known ? { kid, algorithm: known.algorithm, publicKey: known.publicKey } : null;
        },
        jwks: async () => ({ keys: (await rings.current()).keys.map((key) => key.publicJwk) }),
        rotate: async ({ caller }) => {
          await rotateKeys(parts);
          const summaries = (await rings.load()).summaries(sources.now());
          parts.audit.tell({ type: 'record', event: { type: 'signing_keys_rotated', caller } });
          return summaries;
        },
        list: async () => (await rings.load()).summaries(sources.now()),
        reload: async () => {
          await rings.load();
        },
      };
    },
  });
}

function currentSigner(ring: KeyRing, algorithm: SigningAlgorithm, now: Date): CurrentSigner {
  const key = ring.signer(algorithm, now);
  if (!key) throw new ServerError('The server has no signing key');
  const next = ring.nextActivation(algorithm, now)?.getTime() ?? Infinity;
  return {
    kid: key.kid,
    algorithm,
    privateKey: key.privateKey,
    validUntil: new Date(Math.min(next, now.getTime() + RELOAD_MS)),
  };
}

async function ensureKeys({ store, vault, sources }: KeysParts, rings: RingLoader): Promise<void> {
  const now = sources.now();
  await store.add(
    now,
    async (published) => {
      const made: StoredKey[] = [];
      for (const algorithm of SIGNING_ALGORITHMS) {
        if (published.some((key) => key.algorithm === algorithm)) continue;
        made.push(await vault.generate(algorithm, now, now));
      }
      return made;
    },
    now,
  );
  await rings.load();
}

async function rotateKeys({ store, vault, sources, longestTokenLifetimeSeconds }: KeysParts): Promise<void> {
  const now = sources.now();
  const activatesAt = new Date(now.getTime() + PUBLISH_BEFORE_USE_SECONDS * 1000);
  const made = await Promise.all(
    SIGNING_ALGORITHMS.map((algorithm) => vault.generate(algorithm, now, activatesAt)),
  );
  const replacedExpireAt = new Date(activatesAt.getTime() + longestTokenLifetimeSeconds * 1000 + RELOAD_MS);
  await store.add(now, () => Promise.resolve(made), replacedExpireAt);
}

/** Keeps the ring of this actor's life, and reads it from the database again when asked. */
class RingLoader {
  readonly #parts: KeysParts;
  #ring: Promise<KeyRing> | undefined;
  #loadedAtMs = -Infinity;

  constructor(parts: KeysParts) {
    this.#parts = parts;
  }

  current(): Promise<KeyRing> {
    return this.#ring ?? this.load();
  }

  refreshed(): Promise<KeyRing> {
    const recent = this.#parts.sources.now().getTime() - this.#loadedAtMs < MIN_RELOAD_INTERVAL_MS;
    return recent ? this.current() : this.load();
  }

  /** Reads the keys; the ring in use stays in use if that fails. */
  async load(): Promise<KeyRing> {
    const { store, vault, sources } = this.#parts;
    const now = sources.now();
    this.#loadedAtMs = now.getTime();
    const known = await this.#ring?.catch(() => undefined);
    const loading = store.published(now).then(
      async (stored) =>
        new KeyRing(
          await Promise.all(
            stored.map(async (key) => {
              const open = known?.find(key.kid);
              return open ? { ...open, ...key } : vault.open(key);
            }),
          ),
        ),
    );
    if (known) {
      const ring = await loading;
      this.#ring = Promise.resolve(ring);
      return ring;
    }
    this.#ring = loading;
    loading.catch(() => {
      if (this.#ring === loading) this.#ring = undefined;
    });
    return loading;
  }
}
