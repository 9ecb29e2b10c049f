import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import type { ActorSystem } from '../../src/actors/actor-system.ts';
import { CLOCK_SKEW_SECONDS, keyTiming, RELOAD_SECONDS } from '../../src/actors/keys/timing.ts';
import { onPostgres } from '../support/backends.ts';
import { ensureKeys, Replicas, SECRET } from './replicas.ts';

const WEEK_SECONDS = 7 * 86_400;
const LIFETIME_SECONDS = 3600;
const STEP_SECONDS = 10;
/** Of each replica; no two of them differ by more than they may. */
const SKEWS = [-CLOCK_SKEW_SECONDS / 2, 0, CLOCK_SKEW_SECONDS / 2];
const VERIFIERS = 30;
const timing = keyTiming({
  jwksMaxAgeSeconds: 300,
  accessTokenLifetimeSeconds: LIFETIME_SECONDS,
  keyRotationSeconds: WEEK_SECONDS,
});

interface KeySet {
  readonly keys: readonly { readonly kid?: unknown }[];
  readonly maxAgeSeconds: number;
}

/** A cache that keeps what it was given for as many times its max-age as `patience` says, by the clock of the test. */
class Cache {
  readonly #fetch: () => Promise<KeySet>;
  readonly #patience: number;
  #kept: { readonly set: KeySet; readonly until: number } | undefined;

  constructor(fetch: () => Promise<KeySet>, patience = 1) {
    this.#fetch = fetch;
    this.#patience = patience;
  }

  async get(now: number): Promise<KeySet> {
    if (!this.#kept || this.#kept.until <= now) {
      const set = await this.#fetch();
      this.#kept = { set, until: now + set.maxAgeSeconds * this.#patience };
    }
    return this.#kept.set;
  }
}

interface Issued {
  readonly token: string;
  readonly kid: string;
  readonly exp: number;
}

onPostgres((backend) => {
  const replicas = new Replicas();
  let systems: readonly ActorSystem[];
  /** Seconds since the epoch, by a clock that is right. */
  let now = Math.floor(Date.now() / 1000);

  beforeAll(async () => {
    systems = SKEWS.map((skew, index) =>
      replicas.spawn(
        backend.databases[index % 2]!,
        [SECRET],
        { OAUTH2_KEY_ROTATION: String(WEEK_SECONDS) },
        () => new Date((now + skew) * 1000),
      ),
    );
    await Promise.all(systems.map(ensureKeys));
  }, 60_000);
  afterAll(() => replicas.stop());

  const jwksOf = ({ keys }: ActorSystem) => keys.ask({ type: 'jwks' });

  /** An access token and an ID token. */
  async function issueAt({ tokens }: ActorSystem): Promise<readonly Issued[]> {
    const { accessToken, idToken } = await tokens.ask({
      type: 'issueForGrant',
      grantId: randomUUID(),
      clientId: 'a-client',
      userId: randomUUID(),
      scope: ['openid'],
      withRefreshToken: false,
      idToken: { algorithm: 'RS256', nonce: null, authenticatedAt: new Date(now * 1000) },
    });
    return [accessToken, idToken!].map((token) => {
      const [header, claims] = token
        .split('.', 2)
        .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as any);
      return { token, kid: header.kid, exp: claims.exp };
    });
  }

  /** A replica reads the keys every half a minute, each at another moment; each second time one of them fails to. */
  async function keepUp(step: number, stepSeconds: number): Promise<void> {
    for (const [index, { keys }] of systems.entries()) {
      const turn = step + index;
      const every = RELOAD_SECONDS / stepSeconds;
      if (turn % every !== 0 || (index === 1 && turn % (2 * every) !== 0)) continue;
      await keys.ask({ type: 'keepUp' }, { timeoutMs: 20_000 });
    }
  }

  test('through rotations by schedule, verifiers behind caches know the key of every token that three replicas with clocks of their own sign, from its first second to its last', async () => {
    // Each begins at another moment, so that some of them copy from the cache on the way when its copy is as old as can be.
    let onTheWay: readonly Cache[] = [];
    let verifiers: Cache[] = [];
    let careless: Cache[] = [];
    const addVerifier = () => {
      const [system, cache] = [systems[verifiers.length % 3]!, onTheWay[verifiers.length % 3]!];
      verifiers.push(new Cache(() => cache.get(now)));
      careless.push(new Cache(() => jwksOf(system), 4));
    };
    const startAnew = () => {
      onTheWay = systems.map((system) => new Cache(() => jwksOf(system)));
      [verifiers, careless] = [[], []];
    };
    const known = { failures: [] as unknown[], careless: 0, checked: 0 };
    const check = async ({ token, kid }: Issued, thoroughly: boolean) => {
      for (const [index, verifier] of verifiers.entries()) {
        const { keys } = await verifier.get(now);
        known.checked += 1;
        if (!keys.some((key) => key.kid === kid)) known.failures.push({ index, kid, now });
        else if (thoroughly && index === 0)
          await jwtVerify(token, createLocalJWKSet({ keys } as JSONWebKeySet), {
            currentDate: new Date(now * 1000),
          });
      }
      for (const verifier of careless)
        if (!(await verifier.get(now)).keys.some((key) => key.kid === kid)) known.careless += 1;
    };
    let live: Issued[] = [];
    const step = async (number: number, seconds: number) => {
      await keepUp(number, seconds);
      if (verifiers.length < VERIFIERS) addVerifier();
      const issued = await issueAt(systems[number % 3]!);
      for (const each of issued) await check(each, true);
      // Once more before they expire, by those who kept the set for a while and by one who has just fetched it.
      const sets = await Promise.all(systems.map(jwksOf));
      for (const each of live.filter(({ exp }) => exp > now && exp <= now + seconds)) {
        await check(each, true);
        for (const { keys } of sets)
          if (!keys.some(({ kid }) => kid === each.kid)) known.failures.push({ gone: each.kid, now });
      }
      live = [...live.filter(({ exp }) => exp > now + seconds), ...issued];
      now += seconds;
      return issued.map(({ kid }) => kid);
    };

    const signers = new Set<string>();
    let number = 0;
    const run = async (seconds: number, stepSeconds: number) => {
      for (const end = now + seconds; now < end;) {
        for (const kid of await step(number, stepSeconds)) signers.add(kid);
        number += 1;
      }
    };
    for (const rotation of [1, 2]) {
      const [{ due } = { due: 0 }] = await backend.rows<{ due: number }>(
        `select extract(epoch from max(activates_at))::float8 + ${WEEK_SECONDS} as due from signing_keys`,
      );
      const before = VERIFIERS * STEP_SECONDS + 2 * CLOCK_SKEW_SECONDS;
      now = Math.floor(due) - before;
      startAnew();
      await run(before + 2 * CLOCK_SKEW_SECONDS + 2 * timing.publishAheadSeconds, STEP_SECONDS);
      expect(signers.size).toBe(2 * (rotation + 1));
      await run(timing.keepSeconds, RELOAD_SECONDS);
      for (const system of systems) expect((await jwksOf(system)).keys).toHaveLength(2);
    }
    expect(known.failures).toEqual([]);
    expect(known.checked).toBeGreaterThan(10_000);
    // Whoever keeps the set for longer than it says does meet keys that it does not know: the check can fail.
    expect(known.careless).toBeGreaterThan(0);
    const made = await backend.rows('select algorithm from signing_keys');
    expect(made).toHaveLength(6);
  }, 120_000);
});
