import { beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { LOCAL_CALLER } from '../../src/actors/audit/messages.ts';
import type { Client } from '../../src/oauth/client.ts';
import { InvalidGrant, InvalidRequest } from '../../src/oauth/errors.ts';
import { hashSecret, type CodeHash, type SessionHash } from '../../src/oauth/secret.ts';
import { Sensitive } from '../../src/oauth/sensitive.ts';
import { onEachBackend, onPostgres, type Backend } from '../support/backends.ts';
import { eventually } from '../support/eventually.ts';
import { replicasOn, type Replicas } from './replicas.ts';

const PASSWORD = 'correct horse battery staple';
const IDLE_MS = 7_200_000;
const caller = LOCAL_CALLER;

function people(backend: Backend, replicas: Replicas) {
  const logIn = async (username: string, password = PASSWORD, userAgent: string | null = 'A browser') => {
    const message = { type: 'logIn', username, replaces: null, userAgent, caller } as const;
    const result = await replicas.pair[0].auth.ask({ ...message, password: new Sensitive(password) });
    if (result.kind !== 'signed in') return undefined;
    const hash: SessionHash = hashSecret(result.sessionId.reveal());
    const [row] = await backend.rows<{ id: string }>('select id from sessions where session_hash = ?', [
      hash,
    ]);
    return { hash, id: row!.id };
  };
  const add = async () => {
    const username = `person-${randomUUID()}`;
    const made = { type: 'addUser', username, roles: [], email: null, name: null, caller } as const;
    const { userId } = await replicas.pair[1].auth.ask({ ...made, password: new Sensitive(PASSWORD) });
    return { userId, username, ...(await logIn(username))! };
  };
  const find = (hash: SessionHash, replica: 0 | 1 = 1) =>
    replicas.pair[replica].auth.ask({ type: 'findSession', sessionHash: hash });
  const lastSeen = async (id: string) =>
    (await backend.rows<{ at: Date }>('select last_seen_at as at from sessions where id = ?', [id]))[0]!.at;
  const change = (
    { userId, hash }: { userId: string; hash: SessionHash },
    currentPassword: string,
    newPassword: string,
    replica: 0 | 1 = 0,
  ) =>
    replicas.pair[replica].auth.ask({
      type: 'changePassword',
      userId,
      currentPassword: new Sensitive(currentPassword),
      newPassword: new Sensitive(newPassword),
      replaces: hash,
      caller,
    });
  return { add, logIn, find, lastSeen, change };
}

onEachBackend((backend) => {
  const replicas = replicasOn(backend);
  const { add, logIn, find, lastSeen, change } = people(backend, replicas);
  beforeEach(() => {
    replicas.aheadMs = 0;
  });

  test('finding a session writes nothing; that it was seen is written down later, for many at once', async () => {
    const some = [await add(), await add(), await add()];
    const before = await lastSeen(some[0]!.id);
    replicas.aheadMs = 50_000;
    await find(some[0]!.hash);
    replicas.pair[1].flush();
    replicas.aheadMs = 600_000;
    // The audit writes of the logins above on its own time.
    const { audit_insert: _, ...counts } = await backend.counting(async () => {
      for (const { hash } of [...some, ...some]) expect(await find(hash)).not.toBeNull();
    });
    expect(counts).toEqual({ sessions_find: 6 });
    expect(await lastSeen(some[0]!.id)).toEqual(before);
    const flushed = await backend.counting(async () => {
      replicas.pair[1].flush();
      for (const { id } of some) {
        await eventually(
          () => lastSeen(id),
          (at) => at.getTime() - before.getTime() > 590_000,
        );
      }
    });
    expect(flushed.sessions_stamp).toBe(1);
  });

  test('a session that is used lives on past the idle time, on every replica, and one that is not does not', async () => {
    const [used, unused] = [await add(), await add()];
    // Just in time: this cannot wait for the timer, or it would be dead on the other replica in between.
    replicas.aheadMs = IDLE_MS - 30_000;
    const before = await lastSeen(used.id);
    expect(await find(used.hash, 0)).not.toBeNull();
    await eventually(
      () => lastSeen(used.id),
      (at) => at > before,
    );
    replicas.aheadMs = IDLE_MS + 1000;
    expect(await find(used.hash, 1)).toMatchObject({ sessionId: used.id, userId: used.userId });
    expect(await find(unused.hash, 1)).toBeNull();
    const listed = { type: 'listSessions', userId: unused.userId } as const;
    expect(await replicas.pair[0].auth.ask(listed)).toEqual([]);
  });

  test('what a browser calls itself is kept without control characters and not at any length', async () => {
    const { userId, username } = await add();
    await logIn(username, PASSWORD, `Bad\u0000\u0007\u009f${'x'.repeat(1000)}`);
    await logIn(username, PASSWORD, '\n');
    const listed = await replicas.pair[1].auth.ask({ type: 'listSessions', userId });
    const agents = listed.map(({ userAgent }) => userAgent);
    expect(agents).toContain(`Bad${'x'.repeat(297)}`);
    expect(agents).toContain(null);
  });

  test('a changed password leaves one session, under a new id, and the old password opens nothing', async () => {
    const person = await add();
    const elsewhere = (await logIn(person.username))!;
    const result = await change(person, PASSWORD, 'quite another password');
    if (result.kind !== 'changed') throw new Error(result.kind);
    const fresh: SessionHash = hashSecret(result.sessionId.reveal());
    expect(await find(person.hash)).toBeNull();
    expect(await find(elsewhere.hash)).toBeNull();
    expect(await find(fresh)).toMatchObject({ userId: person.userId });
    expect(await logIn(person.username)).toBeUndefined();
    expect(await logIn(person.username, 'quite another password')).toBeDefined();
  });

  test('an unfit new password, or the current one again, is refused and changes nothing', async () => {
    const person = await add();
    for (const bad of ['short', 'x'.repeat(73), 'é'.repeat(37), PASSWORD]) {
      await expect(change(person, PASSWORD, bad)).rejects.toBeInstanceOf(InvalidRequest);
    }
    expect(await find(person.hash)).not.toBeNull();
    expect(await logIn(person.username)).toBeDefined();
  });
});

onPostgres((backend) => {
  const replicas = replicasOn(backend);
  const { add, logIn, find, change } = people(backend, replicas);

  test('guesses of the current password count as those at the login do, on all replicas together', async () => {
    const person = await add();
    const kinds = [];
    for (let guess = 0; guess < 11; guess += 1) {
      kinds.push((await change(person, `wrong ${guess}`, 'quite another password', guess % 2 ? 1 : 0)).kind);
    }
    expect(kinds).toEqual([...Array<string>(10).fill('refused'), 'locked']);
    expect((await change(person, PASSWORD, 'quite another password')).kind).toBe('locked');
    expect(await logIn(person.username)).toBeUndefined();
    expect(await find(person.hash)).not.toBeNull();
    const reasons = await eventually(
      () =>
        backend.rows<{ detail: unknown }>(
          `select detail from audit_events where user_id = ? and type = 'login_failed'`,
          [person.userId],
        ),
      ({ length }) => length === 10,
    );
    expect(reasons[0]!.detail).toEqual({ reason: 'wrong password', at: 'password change' });
  });

  test('a client that is disconnected at one replica has nothing left at the other', async () => {
    const [{ userId }, other] = [await add(), await add()];
    const clientId = randomUUID();
    const [one, two] = replicas.tokens;
    const grantOf = (user: string) =>
      ({
        type: 'issueForGrant',
        grantId: randomUUID(),
        clientId,
        userId: user,
        scope: ['read'],
        withRefreshToken: true,
        idToken: null,
      }) as const;
    const mine = [await one.ask(grantOf(userId)), await two.ask(grantOf(userId))];
    const foreign = await one.ask(grantOf(other.userId));
    const { auth } = replicas.pair[0];
    const consent = {
      type: 'decideConsent',
      userId,
      clientId,
      scope: ['read'],
      allow: true,
      caller,
    } as const;
    await auth.ask(consent);
    expect(await two.ask({ type: 'listConnections', userId })).toMatchObject([{ clientId, scope: ['read'] }]);

    await auth.ask({ type: 'disconnectClient', userId, clientId, caller });
    const isActive = async (token: string) =>
      (await two.ask({ type: 'introspect', token, clientId: null })).active;
    for (const { accessToken } of mine) expect(await isActive(accessToken)).toBe(false);
    expect(await isActive(foreign.accessToken)).toBe(true);
    expect(await two.ask({ type: 'listConnections', userId })).toEqual([]);
    expect(await replicas.pair[1].auth.ask({ type: 'listConsents', userId })).toEqual([]);
    const events = await eventually(
      () =>
        backend.rows<{ type: string }>(
          'select type from audit_events where client_id = ? and user_id = ? order by type',
          [clientId, userId],
        ),
      ({ length }) => length === 4,
    );
    const types = ['client_disconnected', 'consent_granted', 'grant_revoked', 'grant_revoked'];
    expect(events.map(({ type }) => type)).toEqual(types);
  });

  describe('a code, when its client is disconnected,', () => {
    const redirectUri = 'https://app.example/callback';
    const firstParty = { firstParty: true, tokenEndpointAuthMethod: 'none' } as const;

    const setting = async (
      policy: Partial<Pick<Client, 'firstParty' | 'tokenEndpointAuthMethod'>> = {},
      address = redirectUri,
    ) => {
      const { userId } = await add();
      const clientId = randomUUID();
      const client = { clientId, firstParty: false, tokenEndpointAuthMethod: 'none', ...policy } as const;
      const [here, there] = replicas.pair;
      const subject = { userId, clientId };
      const scope = ['read'];
      const decide = (allow: boolean, of: readonly string[] = scope) =>
        here.auth.ask({ type: 'decideConsent', ...subject, scope: of, allow, caller });
      const issue = async () => {
        const code = await here.auth.ask({
          type: 'issueCode',
          ...subject,
          redirectUri: address,
          scope,
          codeChallenge: null,
          nonce: 'n',
          authenticatedAt: replicas.now(),
        });
        return hashSecret<'authorization code'>(code.reveal());
      };
      const claim = (codeHash: CodeHash) =>
        here.auth.ask({
          type: 'redeemCode',
          codeHash,
          client,
          redirectUri: address,
          codeVerifier: null,
          caller,
        });
      const disconnect = () => there.auth.ask({ type: 'disconnectClient', ...subject, caller });
      const events = async (count: number) => {
        const sql = `select type from audit_events where client_id = ? and type like 'code%'`;
        const found = await eventually(
          () => backend.rows<{ type: string }>(sql, [clientId]),
          ({ length }) => length >= count,
        );
        return found.map(({ type }) => type);
      };
      return { subject, decide, issue, claim, disconnect, events };
    };

    test('opens no grant any more that was claimed already', async () => {
      const { subject, decide, issue, claim, disconnect } = await setting();
      await decide(true);
      const { grantId, scope } = await claim(await issue());
      await disconnect();
      const [here, there] = replicas.tokens;
      const grant = { grantId, ...subject, scope, withRefreshToken: true, idToken: null };
      await expect(here.ask({ type: 'issueForGrant', ...grant })).rejects.toThrow();
      expect(await there.ask({ type: 'listConnections', userId: subject.userId })).toEqual([]);
    });

    test('is refused that a request in flight is given after, which is no replay', async () => {
      const { decide, issue, claim, disconnect, events } = await setting();
      await decide(true);
      await disconnect();
      const late = await issue();
      const refusal = new InvalidGrant('The authorization code is invalid, expired or already used');
      await expect(claim(late)).rejects.toEqual(refusal);
      expect(await events(1)).toEqual(['code_without_consent']);
      // It was spent: another consent does not revive it.
      await decide(true);
      await expect(claim(late)).rejects.toEqual(refusal);
      expect((await events(2)).sort()).toEqual(['code_replayed', 'code_without_consent']);
      expect((await claim(await issue())).scope).toEqual(['read']);
    });

    test('or withdrawn in part, is refused where that part is in its scope', async () => {
      const { decide, issue, claim } = await setting();
      await decide(true, ['read', 'write']);
      const [early, late] = [await issue(), await issue()];
      await decide(false, ['write']);
      expect((await claim(early)).scope).toEqual(['read']);
      await decide(false, ['read']);
      await expect(claim(late)).rejects.toBeInstanceOf(InvalidGrant);
    });

    test('needs no consent for an app of the operator’s own, but where any app could be it', async () => {
      const own = await setting(firstParty);
      expect((await own.claim(await own.issue())).scope).toEqual(['read']);
      const confidential = { firstParty: true, tokenEndpointAuthMethod: 'client_secret_basic' } as const;
      const loopback = 'http://127.0.0.1:4000/callback';
      const sure = await setting(confidential, loopback);
      expect((await sure.claim(await sure.issue())).scope).toEqual(['read']);
      for (const address of [loopback, 'com.example.app:/callback']) {
        const { decide, issue, claim, disconnect } = await setting(firstParty, address);
        await decide(true);
        expect((await claim(await issue())).scope).toEqual(['read']);
        await disconnect();
        await expect(issue().then(claim)).rejects.toBeInstanceOf(InvalidGrant);
      }
    });
  });
});
