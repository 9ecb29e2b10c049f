import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { adminBySession, type AdminCaller } from '../support/admin.ts';
import { Person } from '../support/person.ts';
import { runCli, startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let admin: AdminCaller;

beforeAll(async () => {
  server = await startServer({ env: { OAUTH2_LOGIN_ATTEMPTS_PER_ACCOUNT: '3' } });
  admin = await adminBySession(server);
});
afterAll(() => server.stop());

let count = 0;
const create = async (fields: object = {}) => {
  count += 1;
  const answer = await admin.call('POST', '/users', { username: `user${count}`, ...fields });
  expect(answer.status).toBe(201);
  return { ...answer.body.user, password: answer.body.password };
};

const logIn = async (username: string, password: string) => {
  const person = new Person(server.issuer);
  const step = await person.logIn(await person.open('/auth/login'), { username, password });
  return { person, status: step.status };
};

test('a user is made with a password that is shown once, and signs in with it', async () => {
  const user = await create({ name: 'Ann Example', email: 'ann@mail.example', email_verified: true });
  expect(user).toMatchObject({ name: 'Ann Example', email: 'ann@mail.example', email_verified: true });
  expect(user).toMatchObject({ roles: [], disabled_at: null, locked_until: null });
  expect(user.password).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect((await logIn(user.username, user.password)).status).toBe(200);
  const given = await admin.call('POST', '/users', { username: 'given', password: 'a password of mine' });
  expect(given.body.password).toBeNull();
});

test.each([
  [{ username: 'a b' }, 422, 'username'],
  [{}, 422, 'username'],
  [{ username: 'ADMIN' }, 409, 'username'],
  [{ username: 'shorty', password: 'short' }, 422, 'password'],
  [{ username: 'mail', email: 'not an address' }, 422, 'email'],
  [{ username: 'root', roles: ['root'] }, 422, 'roles.0'],
])('a mistake is explained at its field: %j', async (body, status, field) => {
  const answer = await admin.call('POST', '/users', body);
  expect(answer.status).toBe(status);
  expect(answer.body.errors).toEqual([{ field, message: expect.any(String) }]);
});

test('a user is changed, by whoever saw the last version', async () => {
  const user = await create({ email: 'old@mail.example', email_verified: true });
  const path = `/users/${user.user_id}`;
  const changed = await admin.call('PATCH', path, { email: 'new@mail.example' }, { 'if-match': '"1"' });
  // Nobody has verified the new address.
  expect(changed.body).toMatchObject({ email: 'new@mail.example', email_verified: false });
  expect((await admin.call('PATCH', path, { name: 'X' }, { 'if-match': '"1"' })).status).toBe(412);
  expect((await admin.call('PATCH', path, { name: 'X' })).status).toBe(428);
  const verified = await admin.call('PATCH', path, { email_verified: true }, { 'if-match': '"2"' });
  expect(verified.body).toMatchObject({ email_verified: true });
  const nothing = await admin.call('PATCH', path, {}, { 'if-match': '"3"' });
  expect(nothing.headers.get('etag')).toBe('"3"');
  const removed = await admin.call('PATCH', path, { email: null }, { 'if-match': '*' });
  expect(removed.body).toMatchObject({ email: null, email_verified: false });
});

test('a disabled user is out at once', async () => {
  const user = await create();
  const { person } = await logIn(user.username, user.password);
  expect((await person.open('/account')).text).toContain(user.username);
  const disabled = await admin.call('POST', `/users/${user.user_id}/disable`);
  expect(disabled.body.disabled_at).toEqual(expect.any(String));
  expect((await person.request('/account')).status).toBe(303);
  expect((await logIn(user.username, user.password)).status).toBe(401);
  expect((await admin.call('POST', `/users/${user.user_id}/enable`)).body.disabled_at).toBeNull();
  expect((await logIn(user.username, user.password)).status).toBe(200);
});

test('sessions are listed, and ended one by one or all', async () => {
  const user = await create();
  const first = await logIn(user.username, user.password);
  const second = await logIn(user.username, user.password);
  const path = `/users/${user.user_id}/sessions`;
  const { items } = (await admin.call('GET', path)).body;
  expect(items).toHaveLength(2);
  expect(items[0]).toMatchObject({ remote_address: '127.0.0.1', user_agent: expect.any(String) });
  expect((await admin.call('DELETE', `${path}/${items[1].session_id}`)).status).toBe(204);
  expect((await admin.call('DELETE', `${path}/${items[1].session_id}`)).status).toBe(404);
  expect((await first.person.request('/account')).status).toBe(303);
  expect((await second.person.request('/account')).status).toBe(200);
  expect((await admin.call('DELETE', path)).status).toBe(204);
  expect((await second.person.request('/account')).status).toBe(303);
  expect((await admin.call('GET', `/users/${crypto.randomUUID()}/sessions`)).status).toBe(404);
});

test('a locked user is shown as such, and unlocked', async () => {
  const user = await create();
  for (let attempt = 0; attempt < 4; attempt += 1) await logIn(user.username, 'wrong');
  const path = `/users/${user.user_id}`;
  const locked = (await admin.call('GET', path)).body;
  expect(Date.parse(locked.locked_until)).toBeGreaterThan(Date.now());
  expect((await logIn(user.username, user.password)).status).toBe(429);
  expect((await admin.call('POST', `${path}/unlock`)).body.locked_until).toBeNull();
  expect((await logIn(user.username, user.password)).status).toBe(200);
});

test('a password is reset', async () => {
  const user = await create();
  const reset = await admin.call('POST', `/users/${user.user_id}/reset-password`, {});
  expect((await logIn(user.username, user.password)).status).toBe(401);
  expect((await logIn(user.username, reset.body.password)).status).toBe(200);
  const unfit = await admin.call('POST', `/users/${user.user_id}/reset-password`, { password: 'short' });
  expect(unfit.body.errors).toEqual([
    { field: 'password', message: 'A password needs at least 12 characters' },
  ]);
});

test('nobody makes away with the last admin, not even two at once', async () => {
  const { items } = (await admin.call('GET', '/users?search=admin')).body;
  const first = items.find(({ username }: any) => username === 'admin');
  const refused = await admin.call('POST', `/users/${first.user_id}/disable`);
  expect(refused).toMatchObject({ status: 409, body: { detail: /last admin/ } } as never);
  const demoted = await admin.call('PATCH', `/users/${first.user_id}`, { roles: [] }, { 'if-match': '*' });
  expect(demoted.status).toBe(409);
  const cli = await runCli(['users', 'disable', 'admin'], server.env);
  expect(cli).toMatchObject({ code: 1, stderr: expect.stringContaining('last admin') });

  const others = [await create({ roles: ['admin'] }), await create({ roles: ['admin'] })];
  // All of them at once: one is left, whoever it is.
  const answers = await Promise.all([
    ...others.map(({ user_id }) =>
      admin.call('PATCH', `/users/${user_id}`, { roles: [] }, { 'if-match': '*' }),
    ),
    admin.call('PATCH', `/users/${first.user_id}`, { roles: [] }, { 'if-match': '*' }),
  ]);
  const taken = answers.filter(({ status }) => status === 200);
  expect(taken.length).toBeLessThanOrEqual(2);
  const admins = (await runCli(['users', 'list'], server.env)).stdout
    .split('\n')
    .filter((line) => / admin /.test(line));
  expect(admins.length).toBeGreaterThanOrEqual(1);
});
