import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { authorizationUrl, introspect, redeem, refresh, registerClient } from '../support/client.ts';
import { Person, type Step } from '../support/person.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';
import { expectRefused, rowsOf, succeed, valueOf } from './commands.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

function users(...args: readonly string[]): Promise<string> {
  return succeed(['users', ...args], server.env);
}

async function logIn(person: Person, username: string, password: string): Promise<Step> {
  return person.logIn(await person.open('/auth/login'), { username, password });
}

async function isSignedIn(person: Person): Promise<boolean> {
  const { status, location } = await person.request('/account');
  return status === 200 && location === null;
}

test('an added user gets a password that is shown once and signs in at the running server', async () => {
  const printed = await users('add', 'wanda');
  expect(printed).toMatch(
    /^added wanda \([0-9a-f-]{36}\)\npassword: [\w-]{43} {3}\(shown only this once\)\n$/,
  );
  const password = valueOf('password', printed);
  const person = new Person(server.issuer);
  expect((await logIn(person, 'wanda', password)).url).toBe(`${server.issuer}/account`);
  expect(await isSignedIn(person)).toBe(true);
  expect(server.output()).not.toContain(password);
});

test('a password from standard input is its first line, and is shown to nobody', async () => {
  const password = 'a phrase with spaces and ümlauts';
  const printed = await succeed(
    ['users', 'add', 'xaver', '--admin', '--password-stdin'],
    server.env,
    `${password}\r\nsecond line\n`,
  );
  expect(printed).toMatch(/^added xaver \([0-9a-f-]{36}\)\n$/);
  const person = new Person(server.issuer);
  await logIn(person, 'xaver', password);
  expect(await isSignedIn(person)).toBe(true);
});

test('the list shows who there is, with roles and without secrets', async () => {
  const added = await users('add', 'yara', '--admin');
  const [newest, ...others] = rowsOf(await users('list'));
  expect(newest).toEqual([
    'yara',
    /\((.*)\)/.exec(added)?.[1],
    'admin',
    expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    '-',
  ]);
  expect(others.at(-1)).toEqual([ADMIN.username, expect.anything(), 'admin', expect.anything(), '-']);
});

test('disabling a user ends the sessions and tokens that a running server has given out', async () => {
  const { issuer } = server;
  const credentials = { username: 'zoe', password: valueOf('password', await users('add', 'zoe')) };
  const client = await registerClient(issuer);
  const person = new Person(issuer);
  const { url, verifier } = authorizationUrl(issuer, client);
  const code = (await person.authorize(url, credentials)).get('code')!;
  const tokens = (await redeem(issuer, client, { code, verifier })).body;
  const unspent = authorizationUrl(issuer, client);
  const late = (await person.authorize(unspent.url, credentials)).get('code')!;
  expect((await introspect(issuer, client, tokens.access_token)).active).toBe(true);
  expect(await isSignedIn(person)).toBe(true);

  expect(await users('disable', 'ZOE')).toBe('disabled ZOE\n');
  expect(await isSignedIn(person)).toBe(false);
  expect((await logIn(person, credentials.username, credentials.password)).status).toBe(401);
  for (const token of [tokens.access_token, tokens.refresh_token]) {
    expect(await introspect(issuer, client, token)).toEqual({ active: false });
  }
  expect((await refresh(issuer, client, tokens.refresh_token)).body.error).toBe('invalid_grant');
  const redeemed = await redeem(issuer, client, { code: late, verifier: unspent.verifier });
  expect(redeemed).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  const row = rowsOf(await users('list')).find(([username]) => username === 'zoe');
  expect(row?.at(-1)).toMatch(/^\d{4}-/);

  expect(await users('enable', 'Zoe')).toBe('enabled Zoe\n');
  await logIn(person, credentials.username, credentials.password);
  expect(await isSignedIn(person)).toBe(true);
  // What was revoked stays so; what is issued from now on counts.
  expect(await introspect(issuer, client, tokens.access_token)).toEqual({ active: false });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const again = authorizationUrl(issuer, client);
  const next = (await person.authorize(again.url, credentials)).get('code')!;
  const fresh = (await redeem(issuer, client, { code: next, verifier: again.verifier })).body;
  expect((await introspect(issuer, client, fresh.access_token)).active).toBe(true);
  expect(await users('enable', 'zoe')).toBe('enabled zoe\n');
  expect((await introspect(issuer, client, fresh.access_token)).active).toBe(true);
});

test('a reset password replaces the old one and ends the sessions', async () => {
  const old = valueOf('password', await users('add', 'vera'));
  const person = new Person(server.issuer);
  await logIn(person, 'vera', old);
  const printed = await users('reset-password', 'vera');
  expect(printed).toMatch(/^reset the password of vera\npassword: [\w-]{43} {3}\(shown only this once\)\n$/);
  expect(await isSignedIn(person)).toBe(false);
  expect((await logIn(person, 'vera', old)).status).toBe(401);
  await logIn(person, 'vera', valueOf('password', printed));
  expect(await isSignedIn(person)).toBe(true);

  const chosen = 'chosen by the operator';
  const quiet = await succeed(['users', 'reset-password', 'vera', '--password-stdin'], server.env, chosen);
  expect(quiet).toBe('reset the password of vera\n');
  await logIn(person, 'vera', chosen);
  expect(await isSignedIn(person)).toBe(true);
});

test('bad input is refused in a sentence and changes nothing', async () => {
  const before = await users('list');
  const cases: readonly (readonly [readonly string[], string, string?])[] = [
    [['disable', 'nobody'], 'There is no such user'],
    [['enable', 'nobody'], 'There is no such user'],
    [['reset-password', 'nobody', '--password-stdin'], 'There is no such user', 'long enough for anybody'],
    [['add', ADMIN.username.toUpperCase()], 'The user name is taken'],
    [['add', 'not a name'], 'A user name has 1 to 64 letters, digits and the characters . _ @ -'],
    [['add', 'someone', '--password-stdin'], 'A password needs at least 12 characters', 'hunter2-s3c\n'],
    [['add', 'someone', '--password-stdin'], 'A password may have at most 72 bytes', 'ß'.repeat(37)],
    [['reset-password', ADMIN.username, '--password-stdin'], 'A password needs at least 12 characters', 'x'],
  ];
  await Promise.all(
    cases.map(([args, sentence, input]) => expectRefused(['users', ...args], server.env, sentence, input)),
  );
  expect(await users('list')).toBe(before);
  const admin = new Person(server.issuer);
  await logIn(admin, ADMIN.username, ADMIN.password);
  expect(await isSignedIn(admin)).toBe(true);
});
