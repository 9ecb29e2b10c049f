import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { formOf, Person } from '../support/person.ts';
import { authorizationUrl, registerClient } from '../support/client.ts';
import { ADMIN, runCli, startServer, type TestServer } from '../support/server.ts';
import { addPerson, query } from './database.ts';
import { postForm } from './post-form.ts';
import { signIn } from './sign-in.ts';
import { stopUnharmed } from './unharmed.ts';

const SESSION = 'stagedoor_session';
const BROWSER = 'stagedoor_browser';

let server: TestServer;
/** Behind a proxy that ends TLS, as in production. */
let secure: TestServer;

beforeAll(async () => {
  [server, secure] = await Promise.all([
    startServer(),
    startServer({ env: { OAUTH2_ISSUER: 'https://auth.example' } }),
  ]);
});
afterAll(async () => {
  await stopUnharmed(secure);
  await stopUnharmed(server);
});

function base({ port }: TestServer): string {
  return `http://127.0.0.1:${port}`;
}

function personAt(at: TestServer): Person {
  return new Person(base(at));
}

/** Whether a session id, by itself, opens the account. */
async function isLive(id: string, name = SESSION, at = server): Promise<boolean> {
  const person = personAt(at);
  person.cookies.set(name, id);
  const { status, location } = await person.request('/account');
  expect(status === 200 || location?.startsWith('/auth/login')).toBe(true);
  return status === 200;
}

test('a session id that was planted before the login is not the one after it', async () => {
  const planted = 'A'.repeat(43);
  const person = personAt(server);
  person.cookies.set(SESSION, planted);
  person.cookies.set(BROWSER, 'B'.repeat(43));
  await signIn(server.issuer, person);
  expect(person.cookies.get(SESSION)).not.toBe(planted);
  expect(await isLive(planted)).toBe(false);
  expect(await isLive(person.cookies.get(SESSION)!)).toBe(true);
});

test('no session exists before a login, and none is begun by a failed one', async () => {
  const person = personAt(server);
  for (const path of ['/auth/login', '/account', '/auth/logout']) await person.request(path);
  await person.logIn(await person.open('/auth/login'), { ...ADMIN, password: 'not this one, surely' });
  expect(person.cookies.has(SESSION)).toBe(false);
});

test('the session id changes with every login, and the one it replaces is dead', async () => {
  const person = await signIn(server.issuer);
  const first = person.cookies.get(SESSION)!;
  await signIn(server.issuer, person);
  const second = person.cookies.get(SESSION)!;
  expect(second).not.toBe(first);
  expect([await isLive(first), await isLive(second)]).toEqual([false, true]);
});

test('after a logout the session is dead, also for whoever kept its id, and other sessions live on', async () => {
  const person = await signIn(server.issuer);
  const elsewhere = await signIn(server.issuer);
  const kept = person.cookies.get(SESSION)!;
  const answer = await person.submit(await person.open('/account'));
  expect(answer.headers.getSetCookie().join()).toMatch(new RegExp(`${SESSION}=;.*Expires=Thu, 01 Jan 1970`));
  expect(person.cookies.has(SESSION)).toBe(false);
  expect(await isLive(kept)).toBe(false);
  expect(await isLive(elsewhere.cookies.get(SESSION)!)).toBe(true);
});

test('an id that is guessed, altered or of another kind opens nothing', async () => {
  const person = await signIn(server.issuer);
  const id = person.cookies.get(SESSION)!;
  const [{ hash }] = (await query(
    server,
    "select encode(session_hash, 'hex') as hash from sessions limit 1",
  )) as [{ hash: string }];
  const last = id.endsWith('A') ? 'B' : 'A';
  const guesses = [
    '',
    'x',
    id.slice(1),
    `${id}A`,
    id.slice(0, -1) + last,
    id.toLowerCase(),
    hash,
    `"${id}`,
    'null',
  ];
  for (const guess of [...guesses, person.cookies.get(BROWSER)!]) expect(await isLive(guess)).toBe(false);
  expect(await isLive(id, 'Stagedoor_Session')).toBe(false);
  expect(await isLive(id)).toBe(true);
});

test('the database holds no session id', async () => {
  const id = (await signIn(server.issuer)).cookies.get(SESSION)!;
  const rows = await query(server, 'select sessions::text as row from sessions');
  expect(rows.length).toBeGreaterThan(0);
  expect(JSON.stringify(rows)).not.toContain(id);
  expect(JSON.stringify(rows)).not.toContain(Buffer.from(id).toString('hex'));
});

test('an expired session opens nothing', async () => {
  const id = (await signIn(server.issuer)).cookies.get(SESSION)!;
  await query(server, "update sessions set expires_at = now() - interval '1 second'");
  expect(await isLive(id)).toBe(false);
});

test('a new password, and disabling the person, end all sessions at once', async () => {
  await addPerson(server, 'mallory');
  const login = async () => {
    const person = personAt(server);
    await person.logIn(await person.open('/auth/login'), { ...ADMIN, username: 'mallory' });
    return person.cookies.get(SESSION)!;
  };
  const before = await login();
  expect(await isLive(before)).toBe(true);
  await runCli(['users', 'reset-password', 'mallory', '--password-stdin'], server.env, `${ADMIN.password}\n`);
  expect(await isLive(before)).toBe(false);
  const after = await login();
  expect(await isLive(after)).toBe(true);
  expect((await runCli(['users', 'disable', 'mallory'], server.env)).code).toBe(0);
  expect(await isLive(after)).toBe(false);
});

test('cookies are for HTTP alone, for this host alone and for no other site’s requests', async () => {
  const cookies = await cookiesOf(server);
  expect(cookies.map(({ name }) => name)).toEqual([BROWSER, SESSION]);
  for (const { attributes } of cookies) {
    expect(attributes).toMatchObject({ path: '/', httponly: true, samesite: 'Lax' });
    expect(attributes).not.toHaveProperty('domain');
    expect(attributes).not.toHaveProperty('secure'); // a browser would drop it over plain http
  }
});

test('with an https issuer cookies are Secure and bound to this host by their name, also when they are cleared', async () => {
  const cookies = await cookiesOf(secure);
  expect(cookies.map(({ name }) => name)).toEqual([`__Host-${BROWSER}`, `__Host-${SESSION}`]);
  for (const { attributes } of cookies) {
    expect(attributes).toMatchObject({ path: '/', httponly: true, samesite: 'Lax', secure: true });
    expect(attributes).not.toHaveProperty('domain');
  }
  const person = await signIn(base(secure));
  const out = await person.submit(await person.open('/account'));
  const [cleared] = out.headers.getSetCookie();
  expect(parse(cleared!)).toMatchObject({
    name: `__Host-${SESSION}`,
    attributes: { path: '/', secure: true, httponly: true },
  });
});

test('with an https issuer a cookie that a neighbouring host could have planted is not looked at', async () => {
  const person = await signIn(base(secure));
  const id = person.cookies.get(`__Host-${SESSION}`)!;
  expect(await isLive(id, `__Host-${SESSION}`, secure)).toBe(true);
  for (const name of [SESSION, `__Secure-${SESSION}`, `__host-${SESSION}`]) {
    expect(await isLive(id, name, secure)).toBe(false);
  }
  // A planted browser cookie would let its planter make the token of a login form.
  const planted = personAt(secure);
  planted.cookies.set(BROWSER, 'B'.repeat(43));
  const { fields } = formOf(await planted.open('/auth/login'));
  planted.cookies.delete(`__Host-${BROWSER}`);
  const login = await postForm(planted, '/auth/login', { ...ADMIN, csrf_token: fields.csrf_token! });
  expect(login.status).toBe(403);
});

test('with an https issuer every answer tells browsers to stay on https', async () => {
  for (const path of ['/auth/login', '/account', '/.well-known/jwks.json', '/oauth/token', '/nowhere']) {
    const { headers } = await personAt(secure).request(path);
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
  }
  expect((await personAt(server).request('/auth/login')).headers.has('strict-transport-security')).toBe(
    false,
  );
});

test('the session and the browser cookie never leave in a page, a redirect or the log', async () => {
  const person = await signIn(server.issuer);
  const client = await registerClient(server.issuer);
  const seen = [];
  for (const path of [
    '/account',
    '/auth/logout',
    '/auth/login',
    authorizationUrl(server.issuer, client).url,
  ]) {
    const step = await person.request(path);
    seen.push(step.text, step.location ?? '', [...step.headers].join());
  }
  seen.push(server.output());
  for (const secret of person.cookies.values()) expect(seen.join()).not.toContain(secret);
});

async function cookiesOf(at: TestServer) {
  const person = personAt(at);
  const page = await person.request('/auth/login');
  const login = await postForm(person, '/auth/login', {
    ...ADMIN,
    csrf_token: formOf(page).fields.csrf_token!,
  });
  expect(login.status).toBe(303);
  return [...page.headers.getSetCookie(), ...login.headers.getSetCookie()].map(parse);
}

function parse(cookie: string): { name: string; attributes: Record<string, string | true> } {
  const [pair, ...rest] = cookie.split('; ');
  const attributes = rest.map((attribute) => {
    const [name, value] = attribute.split('=');
    return [name!.toLowerCase(), value ?? true];
  });
  return {
    name: pair!.split('=')[0]!,
    attributes: Object.fromEntries(attributes) as Record<string, string | true>,
  };
}
