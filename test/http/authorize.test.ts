import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  authorizationUrl,
  redeem,
  registerClient,
  REDIRECT_URI,
  type TestClient,
} from '../support/client.ts';
import { formOf, Person, type Step } from '../support/person.ts';
import { ADMIN, runCli, startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let client: TestClient;
let person: Person;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  client = await registerClient(server.issuer);
  person = new Person(server.issuer);
});

function request(fields: Record<string, string> = {}): string {
  return authorizationUrl(server.issuer, client, fields).url;
}

/** What a step of a request led to: one of our pages, or the answer at the client's address. */
function outcome({ status, location, text }: Step): string {
  if (location !== null) {
    const { searchParams } = new URL(location);
    expect({ iss: searchParams.get('iss'), state: searchParams.get('state') }).toEqual({
      iss: server.issuer,
      state: 'a-state',
    });
    return searchParams.get('error') ?? (searchParams.has('code') ? 'code' : location);
  }
  if (text.includes('name="password"')) return status === 200 ? 'login' : 'failed login';
  return text.includes('name="decision"') ? 'consent' : `page ${status}`;
}

async function ask(fields: Record<string, string> = {}): Promise<string> {
  return outcome(await person.open(request(fields)));
}

async function signIn(): Promise<void> {
  await person.logIn(await person.open('/auth/login'));
}

function claimsOf(idToken: string): Record<string, any> {
  return JSON.parse(Buffer.from(idToken.split('.')[1]!, 'base64url').toString());
}

/** The ID token's claims at the end of a request that asks for a login and goes on without consent. */
async function claimsAfterLogin(fields: Record<string, string>): Promise<Record<string, any>> {
  const { url, verifier } = authorizationUrl(server.issuer, client, fields);
  const login = await person.open(url);
  expect(outcome(login)).toBe('login');
  const code = new URL((await person.logIn(login)).location!).searchParams.get('code')!;
  return claimsOf((await redeem(server.issuer, client, { code, verifier })).body.id_token);
}

test('a request leads through login and consent to a code; the next one of the same person straight to it', async () => {
  let step = await person.open(request());
  expect(outcome(step)).toBe('login');
  step = await person.logIn(step);
  expect(outcome(step)).toBe('consent');
  step = await person.submit(step, { decision: 'allow' });
  expect(outcome(step)).toBe('code');
  expect(await ask()).toBe('code');
});

test('consent is remembered for a person, a client and a scope, and for no more', async () => {
  await person.authorize(request({ scope: 'openid read' }));
  expect(await ask({ scope: 'openid' })).toBe('code');
  expect(await ask({ scope: 'openid read write' })).toBe('consent');
  await person.authorize(request({ scope: 'openid write' }));
  expect(await ask({ scope: 'openid read write' })).toBe('code');

  client = await registerClient(server.issuer);
  expect(await ask({ scope: 'openid' })).toBe('consent');
});

test('a refusal reaches the client and is not remembered as consent', async () => {
  await signIn();
  const step = await person.submit(await person.open(request()), { decision: 'deny' });
  expect(outcome(step)).toBe('access_denied');
  expect(await ask()).toBe('consent');
});

test('a refusal takes back what was allowed before', async () => {
  await person.authorize(request({ scope: 'openid read write' }));
  const step = await person.open(request({ scope: 'openid read', prompt: 'consent' }));
  expect(outcome(await person.submit(step, { decision: 'deny' }))).toBe('access_denied');
  expect(await ask({ scope: 'openid read', prompt: 'none' })).toBe('consent_required');
  expect(await ask({ scope: 'write', prompt: 'none' })).toBe('code');
});

describe('the id_token_hint', () => {
  const hintOf = async (username: string, password: string) => {
    const other = new Person(server.issuer);
    const { url, verifier } = authorizationUrl(server.issuer, client);
    const code = (await other.authorize(url, { username, password })).get('code')!;
    return (await redeem(server.issuer, client, { code, verifier })).body.id_token as string;
  };

  test('of the person who is signed in changes nothing', async () => {
    const id_token_hint = await hintOf(ADMIN.username, ADMIN.password);
    await person.authorize(request());
    expect(await ask({ id_token_hint })).toBe('code');
    expect(await ask({ id_token_hint, prompt: 'none' })).toBe('code');
  });

  test('of another person asks for that person once, and then says that it was somebody else', async () => {
    const wanda = { username: 'wanda', password: 'a fish called something' };
    const added = await runCli(
      ['users', 'add', wanda.username, '--password-stdin'],
      server.env,
      wanda.password,
    );
    expect(added).toMatchObject({ code: 0, stderr: '' });
    const id_token_hint = await hintOf(wanda.username, wanda.password);
    await person.authorize(request());
    expect(await ask({ id_token_hint, prompt: 'none' })).toBe('login_required');
    const login = await person.open(request({ id_token_hint }));
    expect(outcome(login)).toBe('login');
    expect(outcome(await person.logIn(login))).toBe('login_required');
    const again = await person.open(request({ id_token_hint }));
    expect(outcome(await person.logIn(again, wanda))).toBe('code');
  });

  test('that is no ID token of ours is no hint at all, but not enough for a silent answer', async () => {
    await person.authorize(request());
    expect(await ask({ id_token_hint: 'garbage' })).toBe('code');
    expect(await ask({ id_token_hint: 'garbage', prompt: 'none' })).toBe('login_required');
  });
});

test('a request that is too long for a link is refused on a page, by GET and by POST', async () => {
  const state = '/'.repeat(3000);
  const step = await person.open(request({ state }));
  expect([step.status, step.text]).toEqual([400, expect.stringContaining('too long')]);
  const posted = await person.request('/oauth/authorize', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URL(request({ state })).search.slice(1),
  });
  expect([posted.status, posted.location]).toEqual([400, null]);
});

test('a login in a second tab, sent when the first has signed in, simply goes on', async () => {
  const [first, second] = [await person.open(request()), await person.open(request())];
  expect(outcome(await person.logIn(first))).toBe('consent');
  expect(outcome(await person.logIn(second))).toBe('consent');
});

describe('the prompt', () => {
  test('none shows no page: it answers what would have been asked for, or the code', async () => {
    expect(await ask({ prompt: 'none' })).toBe('login_required');
    await signIn();
    expect(await ask({ prompt: 'none' })).toBe('consent_required');
    await person.authorize(request());
    expect(await ask({ prompt: 'none' })).toBe('code');
    expect(await ask({ prompt: 'none', max_age: '0' })).toBe('login_required');
    expect(await ask({ prompt: 'none login' })).toBe('invalid_request');
  });

  test('login and select_account ask for the password again, once', async () => {
    await person.authorize(request());
    for (const prompt of ['login', 'select_account']) {
      const [session] = [person.cookies.get('stagedoor_session')];
      const step = await person.open(request({ prompt }));
      expect(outcome(step)).toBe('login');
      expect(outcome(await person.logIn(step))).toBe('code');
      expect(person.cookies.get('stagedoor_session')).not.toBe(session);
    }
  });

  test('consent asks again though it was given before, after a login too', async () => {
    await person.authorize(request());
    expect(await ask({ prompt: 'consent' })).toBe('consent');
    const step = await person.open(request({ prompt: 'login consent' }));
    expect(outcome(step)).toBe('login');
    expect(outcome(await person.logIn(step))).toBe('consent');
  });
});

test('max_age asks for the password again when the login is older, and the ID token names the new time', async () => {
  await person.authorize(request());
  expect(await ask({ max_age: '3600' })).toBe('code');
  expect(await ask({ max_age: 'soon' })).toBe('invalid_request');
  const before = Math.floor(Date.now() / 1000);
  const claims = await claimsAfterLogin({ max_age: '0' });
  expect(claims.auth_time).toBeGreaterThanOrEqual(before);
});

test('login_hint fills in the name, as text', async () => {
  const login = await person.open(request({ login_hint: 'wanda"><b>' }));
  expect(login.text).toMatch(/<input[^>]*name="username"[^>]*value="wanda&#?\w+;&gt;&lt;b&gt;"/s);
  expect(outcome(await person.logIn(login))).toBe('consent');
});

test('an authorization request may come as a form post and goes on like any other', async () => {
  await signIn();
  const body = new URL(request({ prompt: 'consent' })).searchParams.toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await person.request('/oauth/authorize', { method: 'POST', headers, body });
  expect([answer.status, answer.location]).toEqual([303, `/oauth/authorize?${body}`]);
  const step = await person.open(answer.location!);
  expect(outcome(step)).toBe('consent');
  expect(Object.keys(formOf(step).fields)).not.toContain('client_secret');
  expect(outcome(await person.submit(step, { decision: 'allow' }))).toBe('code');
});

test('a request without a scope asks for all that its client may have', async () => {
  await signIn();
  const url = new URL(request());
  url.searchParams.delete('scope');
  const step = await person.open(url.href);
  expect(formOf(step).fields.scope).toBeUndefined();
  for (const word of ['read', 'write', 'email']) expect(step.text).toContain(word);
});

test('an admin’s own client asks nobody for consent, unless it cannot prove who it is', async () => {
  await signIn();
  const add = async (...args: readonly string[]): Promise<TestClient> => {
    const { stdout } = await runCli(['clients', 'add', 'Ours', '--first-party', ...args], server.env);
    const client_id = /^client_id: (\S+)$/m.exec(stdout)![1]!;
    return { client_id, redirect_uris: [args.at(-1)!], scope: 'openid profile' };
  };
  const [confidential, native] = await Promise.all([
    add('-r', REDIRECT_URI),
    add('--public', '-r', 'http://127.0.0.1/callback'),
  ]);
  client = confidential;
  expect(await ask()).toBe('code');
  expect(await ask({ prompt: 'consent' })).toBe('consent');
  client = native;
  expect(await ask()).toBe('consent');
});

test('an app on the person’s device is asked about each time: any program there could answer to its address', async () => {
  const redirects = ['http://127.0.0.1/callback', 'http://[::1]/callback', 'com.example.app:/callback'];
  for (const redirect of redirects) {
    client = await registerClient(server.issuer, {
      redirect_uris: [redirect],
      token_endpoint_auth_method: 'none',
    });
    const answer = await person.authorize(request());
    expect(answer.get('code')).toMatch(/^[\w-]{43}$/);
    expect({ redirect, next: await ask() }).toEqual({ redirect, next: 'consent' });
    expect({ redirect, silent: await ask({ prompt: 'none' }) }).toEqual({
      redirect,
      silent: 'consent_required',
    });
  }
  client = await registerClient(server.issuer, { token_endpoint_auth_method: 'none' });
  await person.authorize(request());
  expect(await ask()).toBe('code');
});

test('a wrong password leads back to the same request, and the right one goes on with it', async () => {
  const failed = await person.logIn(await person.open(request()), {
    username: ADMIN.username,
    password: 'a wrong password',
  });
  expect(outcome(failed)).toBe('failed login');
  expect(outcome(await person.logIn(failed))).toBe('consent');
});
