import { expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { LOCAL_CALLER } from '../../src/actors/audit/messages.ts';
import type { IssuedTokens, TokenRef } from '../../src/actors/token/messages.ts';
import { InvalidGrant } from '../../src/oauth/errors.ts';
import { atOnce, onEachBackend } from '../support/backends.ts';
import { SeededRandom } from '../support/random.ts';
import { replicasOn } from './replicas.ts';

const CLIENT = 'a-client-of-these-races';
const SCOPE = ['openid', 'read'];
const ROUNDS = { PGlite: 40, PostgreSQL: 160 } as const;

/** Grants that race at the same time, so that what different grants do shares statements. */
const GRANTS_AT_ONCE = 20;

onEachBackend((backend) => {
  const replicas = replicasOn(backend);

  test('fifty refreshes of one generation, through two replicas, give one and the same successor', async () => {
    const grant = await openGrant(replicas.tokens[0]);
    const answers = await atOnce(50, replicas.tokens, (tokens) => refresh(tokens, grant.refreshToken!));
    const successors = new Set(answers.map(({ refreshToken }) => refreshToken));
    expect(successors.size).toBe(1);
    expect(successors).not.toContain(grant.refreshToken);
    // Each has an access token of its own, and all of them are good, on either replica.
    expect(new Set(answers.map(({ accessToken }) => accessToken)).size).toBe(50);
    const states = await atOnce(50, replicas.tokens, (tokens, index) =>
      isActive(tokens, answers[49 - index]!.accessToken),
    );
    expect(states).not.toContain(false);
    // And the one successor is good in turn.
    const [next] = successors;
    const later = await atOnce(10, replicas.tokens, (tokens) => refresh(tokens, next!));
    expect(new Set(later.map(({ refreshToken }) => refreshToken)).size).toBe(1);
  });

  test('a generation that is older than the one before the current ends the grant on every replica', async () => {
    const [one, other] = replicas.tokens;
    const grant = await openGrant(one);
    const second = await refresh(other, grant.refreshToken!);
    const third = await refresh(one, second.refreshToken!);
    await expect(refresh(other, grant.refreshToken!)).rejects.toBeInstanceOf(InvalidGrant);
    await expectDead(replicas.tokens, [grant, second, third]);
  });

  test('after the grace window the token before the current one is reuse, however many present it at once', async () => {
    const grant = await openGrant(replicas.tokens[0]);
    const second = await refresh(replicas.tokens[1], grant.refreshToken!);
    replicas.aheadMs += 31_000;
    const outcomes = await atOnce(20, replicas.tokens, (tokens) =>
      outcome(refresh(tokens, grant.refreshToken!)),
    );
    expect(outcomes.every((each) => each instanceof InvalidGrant)).toBe(true);
    await expectDead(replicas.tokens, [grant, second]);
  });

  test('a generation that the database forgot is rotated once, and what is older than it is reuse from then on', async () => {
    const [one, other] = replicas.tokens;
    const grant = await openGrant(one);
    const second = await refresh(one, grant.refreshToken!);
    const third = await refresh(one, second.refreshToken!);
    // As a restored backup has it, or a standby that lacked the last commits.
    await backend.rows(
      'update grants set refresh_generation = 0, rotated_at = null where refresh_generation = 2',
    );
    const answers = await atOnce(20, replicas.tokens, (tokens) => refresh(tokens, third.refreshToken!));
    expect(new Set(answers.map(({ refreshToken }) => refreshToken)).size).toBe(1);
    const [next] = answers;
    expect(next!.refreshToken).not.toBe(third.refreshToken);
    await refresh(other, next!.refreshToken!);
    await expect(refresh(other, grant.refreshToken!)).rejects.toBeInstanceOf(InvalidGrant);
    await expectDead(replicas.tokens, [grant, second, third, ...answers]);
  });

  test('however refreshes and revocations of a grant meet, no token of it is alive afterwards', async () => {
    const random = new SeededRandom(20310305);
    const rounds = ROUNDS[backend.kind];
    const met = { refreshed: 0, refused: 0 };
    for (let round = 0; round < rounds; round += GRANTS_AT_ONCE) {
      await Promise.all(Array.from({ length: GRANTS_AT_ONCE }, () => race(random, replicas.tokens, met)));
    }
    // It was a race: at times the one came first, at times the other.
    expect(met.refreshed).toBeGreaterThan(0);
    expect(met.refused).toBeGreaterThan(0);
  });

  test('however opening a grant and revoking it meet, no token of it is alive afterwards', async () => {
    const random = new SeededRandom(7);
    await Promise.all(
      Array.from({ length: GRANTS_AT_ONCE }, async () => {
        const ids = { grantId: randomUUID(), userId: randomUUID() };
        const [opened] = await Promise.all([
          afterTurns(random, () => outcome(openGrant(random.pick(replicas.tokens), ids))),
          afterTurns(random, () =>
            random.pick(replicas.tokens).ask({
              type: 'revokeGrant',
              clientId: CLIENT,
              ...ids,
              caller: LOCAL_CALLER,
            }),
          ),
        ]);
        if (opened instanceof Error) expect(opened).toBeInstanceOf(InvalidGrant);
        else await expectDead(replicas.tokens, [opened]);
      }),
    );
  });

  test('however refreshes and the end of their client meet, no token of it is alive afterwards', async () => {
    const random = new SeededRandom(8);
    const clientId = `client-${randomUUID()}`;
    const [one] = replicas.tokens;
    const grants = await Promise.all(Array.from({ length: 20 }, () => openGrant(one, { clientId })));
    const outcomes = await Promise.all([
      ...grants.map((grant) =>
        afterTurns(random, () =>
          outcome(refresh(random.pick(replicas.tokens), grant.refreshToken!, clientId)),
        ),
      ),
      afterTurns(random, async () => {
        await random.pick(replicas.tokens).ask({ type: 'revokeClient', clientId });
        return new InvalidGrant('a refusal like those of the refreshes that came too late');
      }),
    ]);
    const issued = outcomes.filter((each): each is IssuedTokens => !(each instanceof Error));
    for (const each of outcomes.filter((other) => other instanceof Error)) {
      expect(each).toBeInstanceOf(InvalidGrant);
    }
    await expectDead(replicas.tokens, [...grants, ...issued], clientId);
  });
});

/** One grant: some refreshes of the current token, perhaps of the one before, and a revocation, in any order. */
async function race(
  random: SeededRandom,
  replicas: readonly [TokenRef, TokenRef],
  met: { refreshed: number; refused: number },
): Promise<void> {
  const tokens = () => random.pick(replicas);
  const ids = { grantId: randomUUID(), userId: randomUUID() };
  const issued = [await openGrant(tokens(), ids)];
  // Half of them have a previous token, which is answered by a replay.
  if (random.integer(2)) issued.push(await refresh(tokens(), issued[0]!.refreshToken!));
  const presentable = issued.map(({ refreshToken }) => refreshToken!);
  const revocation = { clientId: CLIENT, caller: LOCAL_CALLER } as const;
  const [, ...outcomes] = await Promise.all([
    afterTurns(random, () =>
      random.integer(2)
        ? tokens().ask({ type: 'revokeToken', token: random.pick(presentable), ...revocation })
        : tokens().ask({ type: 'revokeGrant', ...ids, ...revocation }),
    ),
    ...Array.from({ length: 1 + random.integer(3) }, () =>
      afterTurns(random, () => outcome(refresh(tokens(), random.pick(presentable)))),
    ),
  ]);
  for (const each of outcomes) {
    if (each instanceof Error) {
      expect(each).toBeInstanceOf(InvalidGrant);
      met.refused += 1;
    } else {
      issued.push(each);
      met.refreshed += 1;
    }
  }
  await expectDead(replicas, issued);
}

async function openGrant(
  tokens: TokenRef,
  ids: { clientId?: string; grantId?: string; userId?: string } = {},
): Promise<IssuedTokens> {
  return tokens.ask({
    type: 'issueForGrant',
    clientId: CLIENT,
    grantId: randomUUID(),
    userId: randomUUID(),
    ...ids,
    scope: SCOPE,
    withRefreshToken: true,
    idToken: null,
  });
}

function refresh(tokens: TokenRef, refreshToken: string, clientId = CLIENT): Promise<IssuedTokens> {
  return tokens.ask({ type: 'rotateRefresh', refreshToken, clientId, scope: null, caller: LOCAL_CALLER });
}

async function isActive(tokens: TokenRef, token: string): Promise<boolean> {
  return (await tokens.ask({ type: 'introspect', token, clientId: null })).active;
}

function outcome<T>(promise: Promise<T>): Promise<T | Error> {
  return promise.catch((error: unknown) => error as Error);
}

/** Starts the work a few turns of the event loop from now, by which others may have got ahead or fallen behind. */
async function afterTurns<T>(random: SeededRandom, work: () => Promise<T>): Promise<T> {
  for (let turn = random.integer(12); turn > 0; turn -= 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return work();
}

/** No token is good any more, whichever replica is asked, and no refresh token leads to another. */
async function expectDead(
  replicas: readonly [TokenRef, TokenRef],
  issued: readonly IssuedTokens[],
  clientId = CLIENT,
): Promise<void> {
  const presented = issued.flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken!]);
  const answers = await Promise.all(
    replicas.flatMap((tokens) => presented.map((token) => isActive(tokens, token))),
  );
  expect(answers).not.toContain(true);
  const refreshed = await Promise.all(
    issued.map(({ refreshToken }, index) => outcome(refresh(replicas[index % 2]!, refreshToken!, clientId))),
  );
  for (const each of refreshed) expect(each).toBeInstanceOf(InvalidGrant);
}
