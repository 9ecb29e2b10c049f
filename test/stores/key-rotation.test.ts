import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ActorSystem } from '../../src/actors/actor-system.ts';
import { LOCAL_CALLER } from '../../src/actors/audit/messages.ts';
import { keyTiming, RELOAD_SECONDS } from '../../src/actors/keys/timing.ts';
import { TemporarilyUnavailable } from '../../src/oauth/errors.ts';
import { atOnce, onPostgres } from '../support/backends.ts';
import { eventually } from '../support/eventually.ts';
import { ensureKeys, Replicas, SECRET } from './replicas.ts';

const NEW_SECRET = 'another-master-secret-for-tests-0123456789';
const DAY_SECONDS = 86_400;
const ENV = { OAUTH2_KEY_ROTATION: String(7 * DAY_SECONDS) };
const timing = keyTiming({
  jwksMaxAgeSeconds: 300,
  accessTokenLifetimeSeconds: 3600,
  keyRotationSeconds: 7 * DAY_SECONDS,
});
/** Making an RSA key takes its time on a busy machine. */
const PATIENCE = { timeoutMs: 20_000 };

interface Key {
  readonly kid: string;
  readonly algorithm: string;
  readonly activates: string;
  readonly expires: string | null;
}

onPostgres((backend) => {
  let replicas: Replicas;
  let one: ActorSystem;
  let other: ActorSystem;

  beforeEach(async () => {
    await backend.empty('signing_keys', 'audit_events');
    replicas = new Replicas();
    [one, other] = backend.databases.map((database) => replicas.spawn(database, [SECRET], ENV)) as [
      ActorSystem,
      ActorSystem,
    ];
    await ensureKeys(one);
    await ensureKeys(other);
  });
  afterEach(() => replicas.stop());

  const pass = (seconds: number) => (replicas.aheadMs += seconds * 1000);
  const keepUp = ({ keys }: ActorSystem) => keys.ask({ type: 'keepUp' }, PATIENCE);
  const rotate = ({ keys }: ActorSystem) => keys.ask({ type: 'rotate', caller: LOCAL_CALLER }, PATIENCE);
  const revoke = ({ keys }: ActorSystem, ...kids: string[]) =>
    keys.ask({ type: 'revoke', kids, caller: LOCAL_CALLER }, PATIENCE);
  const signerOf = async ({ keys }: ActorSystem) =>
    (await keys.ask({ type: 'signer', algorithm: 'ES256' })).kid;
  const publishedBy = async ({ keys }: ActorSystem) =>
    (await keys.ask({ type: 'jwks' })).keys.map(({ kid }) => kid as string);
  const stored = () =>
    backend.rows<Key>(
      'select kid, algorithm, activates_at as activates, expires_at as expires from signing_keys order by created_at, algorithm',
    );
  const issue = async ({ tokens }: ActorSystem) =>
    (await tokens.ask({ type: 'issueForClient', clientId: 'a-client', scope: ['read'] })).accessToken;
  const isActive = async ({ tokens }: ActorSystem, token: string) =>
    (await tokens.ask({ type: 'introspect', token, clientId: null })).active;
  const kidOf = (token: string) =>
    (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid;

  test('however many replicas notice at once that keys are due, one key of each algorithm is made, and again when those are', async () => {
    expect(await stored()).toHaveLength(2);
    for (const round of [1, 2]) {
      pass(7 * DAY_SECONDS + timing.publishAheadSeconds);
      await atOnce(10, [one, other], keepUp);
      const keys = await stored();
      expect(keys.map(({ algorithm }) => algorithm).sort()).toEqual(
        ['ES256', 'RS256'].flatMap((algorithm) => Array.from({ length: round + 1 }, () => algorithm)),
      );
      expect(keys.filter(({ expires }) => expires === null)).toHaveLength(2);
    }
    const audited = () => backend.rows<{ detail: any }>('select detail from audit_events order by id');
    const events = await eventually(audited, (rows) => rows.length >= 2);
    expect(events.map(({ detail }) => [detail.scheduled, detail.made.length])).toEqual([
      [true, 2],
      [true, 2],
    ]);
  });

  test('nothing is due before its time, after a rotation by hand, or where the schedule is off', async () => {
    pass(7 * DAY_SECONDS - 120);
    await keepUp(one);
    expect(await stored()).toHaveLength(2);
    await rotate(other);
    pass(180);
    await atOnce(4, [one, other], keepUp);
    expect(await stored()).toHaveLength(4);
    pass(timing.publishAheadSeconds);
    await atOnce(4, [one, other], keepUp);
    expect(await stored()).toHaveLength(4);
    const never = replicas.spawn(backend.databases[0], [SECRET], { OAUTH2_KEY_ROTATION: '0' });
    pass(400 * DAY_SECONDS);
    await keepUp(never);
    expect(await stored()).toHaveLength(4);
  });

  test('of two rotations by hand the second makes nothing, and says so by naming no key', async () => {
    const results = await atOnce(6, [one, other], rotate);
    expect(results.map(({ made }) => made.length).sort()).toEqual([0, 0, 0, 0, 0, 2]);
    expect(await stored()).toHaveLength(4);
    const again = await rotate(one);
    expect(again.made).toEqual([]);
    expect(again.keys.filter(({ state }) => state === 'next')).toHaveLength(2);
  });

  test('a revoked key is gone at once where it was revoked, and elsewhere as soon as that is heard of; its tokens are worthless', async () => {
    const [before, bystander] = [await issue(one), await issue(other)];
    const leaked = kidOf(before);
    for (const replica of [one, other]) expect(await isActive(replica, before)).toBe(true);
    const { made } = await revoke(one, leaked);
    expect(made).toHaveLength(1);
    other.reloadKeys();
    await eventually(async () => !(await publishedBy(other)).includes(leaked));
    for (const replica of [one, other]) {
      expect(await publishedBy(replica)).not.toContain(leaked);
      expect(await signerOf(replica)).toBe(made[0]);
      const token = await eventually(
        () => issue(replica),
        (issued) => kidOf(issued) === made[0],
      );
      expect(await isActive(replica, token)).toBe(true);
      await eventually(async () => !(await isActive(replica, before)));
      expect(await isActive(replica, bystander)).toBe(false);
    }
    const audited = () =>
      backend.rows<{ type: string; detail: any }>('select type, detail from audit_events');
    expect(await eventually(audited, (rows) => rows.length > 0)).toEqual([
      { type: 'signing_keys_revoked', detail: { kids: [leaked], made } },
    ]);
  });

  test('a replica that hears of nothing honours a revocation within the time after which it reads the keys', async () => {
    const before = await issue(other);
    await revoke(one, kidOf(before));
    pass(RELOAD_SECONDS);
    await keepUp(other);
    await eventually(async () => !(await isActive(other, before)));
    expect(await publishedBy(other)).not.toContain(kidOf(before));
  });

  test('a replica that cannot read the keys stops signing before its keys may be retired, and lets its key set be kept for ever less', async () => {
    const kid = await signerOf(one);
    await rotate(other);
    await backend.rows('alter table signing_keys rename to away');
    try {
      const ages: number[] = [];
      for (let passed = 0; passed < timing.trustSeconds - 30; passed += RELOAD_SECONDS) {
        expect(await signerOf(one)).toBe(kid);
        ages.push((await one.keys.ask({ type: 'jwks' })).maxAgeSeconds);
        pass(RELOAD_SECONDS);
      }
      expect(ages).toEqual(ages.toSorted((a, b) => b - a));
      expect(ages.at(-1)).toBeLessThan(60);
      pass(RELOAD_SECONDS);
      await expect(signerOf(one)).rejects.toBeInstanceOf(TemporarilyUnavailable);
      await expect(issue(one)).rejects.toBeInstanceOf(TemporarilyUnavailable);
      // Whoever verifies needs the old set all the same.
      expect(await one.keys.ask({ type: 'jwks' })).toMatchObject({ maxAgeSeconds: 0 });
      expect(await publishedBy(one)).toContain(kid);
    } finally {
      await backend.rows('alter table away rename to signing_keys');
    }
    pass(timing.publishAheadSeconds);
    expect(await signerOf(one)).not.toBe(kid);
    expect(await signerOf(one)).toBe(await signerOf(other));
  });

  test('a key that was made with a newer secret is published by a replica that lacks it, which refuses to sign from then on', async () => {
    const renewed = replicas.spawn(backend.databases[1], [NEW_SECRET, SECRET], ENV);
    const { made } = await rotate(renewed);
    await one.keys.ask({ type: 'reload' });
    expect(await publishedBy(one)).toEqual(expect.arrayContaining([...made]));
    expect(made).not.toContain(await signerOf(one));
    pass(timing.publishAheadSeconds + 1);
    await renewed.keys.ask({ type: 'reload' });
    const token = await issue(renewed);
    expect(made).toContain(kidOf(token));
    expect(await isActive(one, token)).toBe(true);
    await expect(signerOf(one)).rejects.toThrow(`The signing key ${kidOf(token)} in the database cannot be`);
    // It makes no keys either, which others might not be able to open.
    pass(7 * DAY_SECONDS);
    await expect(keepUp(one)).rejects.toThrow('cannot be decrypted');
    await expect(rotate(one)).rejects.toThrow('cannot be decrypted');
    await keepUp(renewed);
    expect(await stored()).toHaveLength(6);
    // With the old keys retired nothing needs the old secret.
    pass(timing.publishAheadSeconds + timing.keepSeconds);
    await ensureKeys(replicas.spawn(backend.databases[0], [NEW_SECRET], ENV));
  });

  test('a retired key leaves the key set when the last token that it may have signed has expired, and its row a week later', async () => {
    const [old] = await stored();
    await rotate(one);
    pass(timing.publishAheadSeconds + 1);
    await keepUp(other);
    expect(await signerOf(other)).not.toBe(old!.kid);
    pass(3600);
    await keepUp(other);
    expect(await publishedBy(other)).toContain(old!.kid);
    pass(timing.keepSeconds - 3600);
    await keepUp(other);
    expect(await publishedBy(other)).not.toContain(old!.kid);
    await other.keys.ask({ type: 'sweep' });
    expect(await stored()).toHaveLength(4);
    pass(7 * DAY_SECONDS);
    await other.keys.ask({ type: 'sweep' });
    expect(await stored()).toHaveLength(2);
  });
});
