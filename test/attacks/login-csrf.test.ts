import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { formOf, Person } from '../support/person.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';
import { postForm } from './post-form.ts';
import { signIn } from './sign-in.ts';
import { stopUnharmed } from './unharmed.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => stopUnharmed(server));

const SESSION = 'stagedoor_session';

async function opened(path: string, person = new Person(server.issuer)) {
  const { action, fields } = formOf(await person.open(path));
  return { person, action, token: fields.csrf_token!, fields };
}

async function expectNoLogin(person: Person, fields: Record<string, string>, headers = {}): Promise<void> {
  const step = await postForm(person, '/auth/login', { ...ADMIN, ...fields }, headers);
  expect({ fields, headers, status: step.status, location: step.location }).toEqual({
    fields,
    headers,
    status: 403,
    location: null,
  });
  expect(person.cookies.has(SESSION)).toBe(false);
  expect(step.headers.getSetCookie()).toEqual([]);
}

test('a login without a token, or with one that is empty, made up or cut, signs nobody in', async () => {
  const { person, token } = await opened('/auth/login');
  await expectNoLogin(person, {});
  for (const csrf_token of [
    'x',
    'A'.repeat(43),
    token.slice(1),
    `${token}=`,
    `${token} `,
    token.toUpperCase(),
  ]) {
    await expectNoLogin(person, { csrf_token });
  }
  const right = await postForm(person, '/auth/login', { ...ADMIN, csrf_token: token });
  expect([right.status, right.location]).toEqual([303, '/account']);
});

test('the attacker’s own token is worth nothing in the victim’s browser', async () => {
  const attacker = await opened('/auth/login');
  const victim = await opened('/auth/login');
  await expectNoLogin(victim.person, { csrf_token: attacker.token });
  const strangerToUs = new Person(server.issuer);
  await expectNoLogin(strangerToUs, { csrf_token: attacker.token });
});

test('a token without the browser’s cookie is worth nothing', async () => {
  const { person, token } = await opened('/auth/login');
  for (const cookie of ['', 'x', 'A'.repeat(43)]) {
    const other = new Person(server.issuer);
    if (cookie !== '') other.cookies.set('stagedoor_browser', cookie);
    await expectNoLogin(other, { csrf_token: token });
  }
  expect(person.cookies.has('stagedoor_browser')).toBe(true);
});

test('a form that a browser says comes from another site is refused, even with the right token', async () => {
  const { person, token } = await opened('/auth/login');
  for (const site of ['cross-site', 'same-site', 'Same-Origin', 'x', '']) {
    await expectNoLogin(person, { csrf_token: token }, { 'sec-fetch-site': site });
  }
  const own = { 'sec-fetch-site': 'same-origin' };
  expect((await postForm(person, '/auth/login', { ...ADMIN, csrf_token: token }, own)).status).toBe(303);
});

test('a token made before a login is worthless after it, and one made in it is worthless after the logout', async () => {
  const before = await opened('/auth/login');
  await postForm(before.person, '/auth/login', { ...ADMIN, csrf_token: before.token });
  const logout = await postForm(before.person, '/auth/logout', { csrf_token: before.token });
  expect(logout.status).toBe(403);
  expect((await before.person.open('/account')).text).toContain(ADMIN.username);

  const within = await opened('/account', before.person);
  expect((await postForm(within.person, '/auth/logout', { csrf_token: within.token })).status).toBe(200);
  await expectNoLogin(within.person, { csrf_token: within.token });
});

test('a token in the query or in a header is not one in the form', async () => {
  const { person, token } = await opened('/auth/login');
  const step = await postForm(person, `/auth/login?csrf_token=${token}`, { ...ADMIN });
  expect(step.status).toBe(403);
  await expectNoLogin(person, {}, { 'x-csrf-token': token });
});

test('a login cannot be made with GET, nor with a body that a form of another site could not be told from', async () => {
  const { person, token } = await opened('/auth/login');
  const query = new URLSearchParams({ ...ADMIN, csrf_token: token }).toString();
  expect((await person.request(`/auth/login?${query}`)).status).toBe(200);
  for (const type of ['text/plain', 'application/json', 'multipart/form-data; boundary=x']) {
    const init = { method: 'POST', headers: { 'content-type': type }, body: query };
    expect((await person.request('/auth/login', init)).status).toBe(400);
  }
  expect(person.cookies.has(SESSION)).toBe(false);
});

test('nobody can be signed out by a link, an image or a form of another site', async () => {
  const person = await signIn(server.issuer);
  const foreign = await opened('/account', await signIn(server.issuer));
  const own = await opened('/auth/logout', person);
  expect((await person.request('/auth/logout')).status).toBe(200);
  for (const [fields, headers] of [
    [{}, {}],
    [{ csrf_token: 'x' }, {}],
    [{ csrf_token: foreign.token }, {}],
    [{ csrf_token: own.token }, { 'sec-fetch-site': 'cross-site' }],
  ] as [Record<string, string>, Record<string, string>][]) {
    const step = await postForm(person, '/auth/logout', fields, headers);
    expect([step.status, step.headers.getSetCookie()]).toEqual([403, []]);
  }
  expect((await person.open('/account')).text).toContain(ADMIN.username);
  expect((await postForm(person, '/auth/logout', { csrf_token: own.token })).status).toBe(200);
  expect((await person.request('/account')).location).toMatch(/^\/auth\/login/);
});

test('what the pages set is sent along by no request that another site starts, links apart', async () => {
  const { person } = await opened('/auth/login');
  const fresh = new Person(server.issuer);
  const page = await fresh.request('/auth/login');
  const login = await postForm(person, '/auth/login', {
    ...ADMIN,
    csrf_token: formOf(await person.open('/auth/login')).fields.csrf_token!,
  });
  for (const cookie of [...page.headers.getSetCookie(), ...login.headers.getSetCookie()]) {
    expect(cookie).toMatch(/; SameSite=Lax(;|$)/i);
  }
  expect(page.headers.getSetCookie().length + login.headers.getSetCookie().length).toBe(2);
});
