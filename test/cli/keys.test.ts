import { expect, test } from '@jest/globals';
import { introspect, post, registerClient } from '../support/client.ts';
import { runCli, startServer } from '../support/server.ts';
import { expectRefused, rowsOf, succeed } from './commands.ts';
import { eventually } from '../support/eventually.ts';

async function publishedKeys(issuer: string): Promise<readonly string[]> {
  const response = await fetch(`${issuer}/.well-known/jwks.json`);
  const { keys } = (await response.json()) as { keys: { kid: string; d?: string }[] };
  expect(keys.filter((key) => key.d !== undefined)).toEqual([]);
  return keys.map(({ kid }) => kid);
}

/** Has the form of an access token that a key with this id signed; whoever gets it must look the key up. */
function tokenNaming(kid: string): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode({ alg: 'ES256', typ: 'at+jwt', kid })}.${encode({})}.${'A'.repeat(86)}`;
}

test('rotated keys appear beside the old ones, in a running server too, and what those signed stays valid', async () => {
  const server = await startServer();
  try {
    const { issuer, env } = server;
    const listed = succeed(['keys', 'list'], env);
    const client = await registerClient(issuer, { grant_types: ['client_credentials'] });
    const fields = { grant_type: 'client_credentials', scope: 'read' };
    const { access_token } = (await post(`${issuer}/oauth/token`, client, fields)).body;
    const old = rowsOf(await listed);
    expect(old.map(([, algorithm, state, , until]) => [algorithm, state, until]).sort()).toEqual([
      ['ES256', 'current', '-'],
      ['RS256', 'current', '-'],
    ]);
    expect((await publishedKeys(issuer)).toSorted()).toEqual(old.map(([kid]) => kid).toSorted());

    const all = rowsOf(await succeed(['keys', 'rotate'], env));
    const added = all.filter(([kid]) => !old.some(([known]) => known === kid));
    expect(added.map(([, algorithm, state, , until]) => [algorithm, state, until]).sort()).toEqual([
      ['ES256', 'next', '-'],
      ['RS256', 'next', '-'],
    ]);
    // They sign once every verifier had time to fetch them, and the old ones stay until their last token has expired.
    for (const [, , , signsFrom] of added) {
      expect(Date.parse(signsFrom!) - Date.now()).toBeGreaterThan(300_000);
    }
    for (const [, , state, , until] of all.filter((row) => !added.includes(row))) {
      expect(state).toBe('current');
      expect(Date.parse(until!)).toBeGreaterThan(Date.parse(added[0]![3]!) + 3_600_000);
    }

    // A token that names a key the server has not seen makes it look again before its next reload.
    await eventually(
      async () => {
        expect(await introspect(issuer, client, tokenNaming(added[0]![0]!))).toEqual({ active: false });
        return publishedKeys(issuer);
      },
      (kids) => all.every(([kid]) => kids.includes(kid!)),
    );
    expect((await introspect(issuer, client, access_token)).active).toBe(true);
    expect((await post(`${issuer}/oauth/token`, client, fields)).status).toBe(200);
  } finally {
    await server.stop();
  }
});

test('a second rotation makes nothing and says what waits; a leaked key is revoked on a running server at once', async () => {
  const server = await startServer();
  try {
    const { issuer, env } = server;
    const client = await registerClient(issuer, { grant_types: ['client_credentials'] });
    const fields = { grant_type: 'client_credentials', scope: 'read' };
    const issue = async () =>
      (await post(`${issuer}/oauth/token`, client, fields)).body.access_token as string;
    const token = await issue();
    const leaked = kidOf(token);

    await succeed(['keys', 'rotate'], env);
    const again = await succeed(['keys', 'rotate'], env);
    const [table, note] = again.split('\n\n');
    expect(rowsOf(table!)).toHaveLength(4);
    const waiting = rowsOf(table!).filter(([, , state]) => state === 'next');
    for (const [kid, algorithm, , signsFrom] of waiting)
      expect(note).toContain(
        `${algorithm}: nothing was made, for ${kid} waits already and signs from ${signsFrom}\n`,
      );

    const revoke = ['keys', 'revoke', '--invalidate-tokens', '--'];
    await expectRefused(
      [...revoke, leaked, 'nonsense'],
      env,
      'There is no such published key; nothing was changed',
    );
    const unmeant = await runCli(['keys', 'revoke', '--', leaked], env);
    expect(unmeant).toMatchObject({ code: 1, stdout: '' });
    expect(unmeant.stderr).toContain("required option '--invalidate-tokens' not specified");
    expect(await introspect(issuer, client, token)).toMatchObject({ active: true });

    const left = await succeed([...revoke, leaked], env);
    expect(left).toContain(`revoked ${leaked}`);
    const successor = waiting.find(([, algorithm]) => algorithm === 'ES256')![0];
    await eventually(async () => !(await publishedKeys(issuer)).includes(leaked));
    await eventually(async () => !(await introspect(issuer, client, token)).active);
    const fresh = await eventually(issue, (issued) => kidOf(issued) === successor);
    expect(await introspect(issuer, client, fresh)).toMatchObject({ active: true });
  } finally {
    await server.stop();
  }
});

function kidOf(token: string): string {
  return (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid;
}
