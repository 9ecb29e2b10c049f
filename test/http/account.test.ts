import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { addPerson, query } from '../attacks/database.ts';
import { postForm } from '../attacks/post-form.ts';
import {
  authorizationUrl,
  introspect,
  obtainCode,
  redeem,
  refresh,
  registerClient,
  type TestClient,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { formOf, Person } from '../support/person.ts';
import { ADMIN, freePort, startServer, type TestServer } from '../support/server.ts';
import { isSignedIn, passwords, sendForm, SESSION, signInAs } from './account-forms.ts';

const NEW_PASSWORD = 'quite another password';

let server: TestServer;
let client: TestClient;
let username: string;
let person: Person;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  username = `person-${randomUUID()}`;
  [client] = await Promise.all([
    registerClient(server.issuer, { client_name: 'Photo <Printer>' }),
    addPerson(server, username),
  ]);
  person = await signInAs(server.issuer, username);
});

/** What stands on the account page of a person. */
async function account(of = person): Promise<string> {
  const { status, text } = await of.request('/account');
  expect(status).toBe(200);
  return text;
}

async function disconnect(): Promise<void> {
  const path = `/account/apps/disconnect?client_id=${client.client_id}`;
  expect((await person.submit(await person.open(path))).text).toContain('The app is disconnected');
}

test('the account shows who is signed in, from where, and what is connected, in words', async () => {
  expect(await account()).toContain('No app may use your account.');
  await obtainCode(server.issuer, client, { scope: 'openid read' }, person);
  const allowed = await account();
  expect(allowed).toMatch(new RegExp(`Signed in as <bdi class="name">${username}</bdi>`));
  expect(allowed).toContain('Photo &lt;Printer&gt;');
  expect(allowed).toContain('recognise you by this account');
  expect(allowed).toContain('“read”');
  expect(allowed).toContain('Not in use now');
  await redeem(server.issuer, client, await obtainCode(server.issuer, client, {}, person));
  const used = await account();
  expect(used).toMatch(/Last used\s+<time datetime="20[^"]+Z">\d+ \w{3} 20\d\d, \d\d:\d\d UTC<\/time>/);
  expect(used.match(/Photo &lt;Printer&gt;/g)).toHaveLength(2); // the name, and the button's
  expect(used).toContain('127.0.0.1');
  expect(used).not.toContain('/admin');
  await query(server, 'delete from clients where client_id = $1', [client.client_id]);
  await query(server, `select pg_notify('stagedoor_client_changes', $1)`, [client.client_id]);
  await eventually(
    () => account(),
    (shown) => shown.includes('An app that is gone'),
  );
});

test('an admin, and nobody else, is shown the way to the admin pages, from the next request on', async () => {
  const setRoles = (roles: string[]) =>
    query(server, 'update users set roles = $1 where username = $2', [roles, username]);
  await setRoles(['admin']);
  expect(await account()).toContain('href="/admin"');
  await setRoles([]);
  expect(await account()).not.toContain('href="/admin"');
});

test('whoever is not signed in is led to the login and then to the account, whatever the page', async () => {
  const stranger = new Person(server.issuer);
  for (const path of ['/account', '/account/apps/disconnect?client_id=x', '/account/sessions/end-all']) {
    const { status, location } = await stranger.request(path);
    expect({ status, location }).toEqual({ status: 303, location: '/auth/login?return_to=%2Faccount' });
  }
  expect((await person.request('/account/password')).location).toBe('/account');
});

test('a notice is one of our sentences or none', async () => {
  expect((await person.request('/account?notice=session-gone')).text).toContain('ended already');
  for (const made of ['<b>You+have+won', 'constructor', '__proto__', 'https://thief.example']) {
    const { status, text } = await person.request(`/account?notice=${made}`);
    expect({ status, status_: text.includes('role="status"') }).toEqual({ status: 200, status_: false });
  }
});

test('disconnecting an app says what it takes along, takes it at once, and the app must ask again', async () => {
  const tokens = (await redeem(server.issuer, client, await obtainCode(server.issuer, client, {}, person)))
    .body;
  const other = await registerClient(server.issuer, { client_name: 'Another app' });
  const kept = (await redeem(server.issuer, other, await obtainCode(server.issuer, other, {}, person))).body;

  const question = await person.open(`/account/apps/disconnect?client_id=${client.client_id}`);
  expect(question.text).toContain('access and refresh tokens end at once');
  expect((await introspect(server.issuer, client, tokens.access_token)).active).toBe(true);
  const answer = await person.submit(question);
  expect(answer.text).toContain('The app is disconnected');
  expect(answer.text).not.toContain('Photo');
  expect(answer.text).toContain('Another app');

  expect(await introspect(server.issuer, client, tokens.access_token)).toEqual({ active: false });
  expect(await introspect(server.issuer, client, tokens.refresh_token)).toEqual({ active: false });
  expect((await refresh(server.issuer, client, tokens.refresh_token)).body.error).toBe('invalid_grant');
  expect((await introspect(server.issuer, other, kept.access_token)).active).toBe(true);
  const again = await person.open(authorizationUrl(server.issuer, client).url);
  expect(again.text).toContain('name="decision"');
});

test('a code that was not redeemed when its app is disconnected is worthless', async () => {
  const code = await obtainCode(server.issuer, client, {}, person);
  await disconnect();
  expect((await redeem(server.issuer, client, code)).body.error).toBe('invalid_grant');
});

test('an app that the page has no room for is disconnected like any other', async () => {
  const tokens = (await redeem(server.issuer, client, await obtainCode(server.issuer, client, {}, person)))
    .body;
  const mine = 'from users, generate_series(1, 101) as number where username = $1';
  await query(
    server,
    `insert into grants (id, client_id, user_id, scope, created_at, expires_at)
     select gen_random_uuid(), 'newer' || number, users.id, 'read', now() + interval '1 minute', now() + interval '1 day'
     ${mine}`,
    [username],
  );
  await query(
    server,
    `insert into consents (user_id, client_id, scope, decided_at)
     select users.id, 'newer' || number, 'read', now() + interval '1 minute' ${mine}`,
    [username],
  );
  expect(await account()).not.toContain('Photo');
  await disconnect();
  expect(await introspect(server.issuer, client, tokens.access_token)).toEqual({ active: false });
  const path = `/account/apps/disconnect?client_id=${client.client_id}`;
  expect((await person.request(path)).location).toBe('/account?notice=app-gone');
});

test('an app that is not connected, or is somebody else’s, is not disconnected', async () => {
  const stranger = new Person(server.issuer);
  const tokens = (await redeem(server.issuer, client, await obtainCode(server.issuer, client, {}, stranger)))
    .body;
  for (const clientId of [client.client_id, 'nobody', '']) {
    const shown = await person.request(`/account/apps/disconnect?client_id=${encodeURIComponent(clientId)}`);
    expect(shown.location).toBe('/account?notice=app-gone');
    const { csrf_token: csrf = '' } = formOf(await person.open('/account')).fields;
    const fields = { csrf_token: csrf, client_id: clientId };
    expect((await postForm(person, '/account/apps/disconnect', fields)).location).toBe(shown.location);
  }
  expect((await introspect(server.issuer, client, tokens.access_token)).active).toBe(true);
});

test('a session is ended from elsewhere, and is signed out at its next request', async () => {
  const elsewhere = await signInAs(server.issuer, username);
  const { fields } = formOf(await person.open('/account'), '/account/sessions/end');
  expect(fields.session_id).toMatch(/^[0-9a-f-]{36}$/);
  const answer = await postForm(person, '/account/sessions/end', fields);
  expect({ status: answer.status, location: answer.location }).toEqual({
    status: 303,
    location: '/account?notice=session-ended',
  });
  expect(await isSignedIn(elsewhere)).toBe(false);
  expect(await isSignedIn(person)).toBe(true);
  for (const session_id of [fields.session_id!, 'no-uuid', "'", '', randomUUID()]) {
    const gone = await postForm(person, '/account/sessions/end', { ...fields, session_id });
    expect(gone.location).toBe('/account?notice=session-gone');
  }
});

test('nobody ends another person’s session', async () => {
  const id = async () =>
    (
      await query<{ id: string }>(
        server,
        `select sessions.id from sessions join users on users.id = user_id where username = $1`,
        [username],
      )
    )[0]!.id;
  const victims = await id();
  const thief = new Person(server.issuer);
  await thief.logIn(await thief.open('/auth/login'));
  const { csrf_token: csrf = '' } = formOf(await thief.open('/account')).fields;
  const fields = { csrf_token: csrf, session_id: victims };
  expect((await postForm(thief, '/account/sessions/end', fields)).location).toContain('session-gone');
  expect(await isSignedIn(person)).toBe(true);
});

test('signing out everywhere else leaves this session; everywhere leaves none, after a question', async () => {
  const others = [await signInAs(server.issuer, username), await signInAs(server.issuer, username)];
  expect((await sendForm(person, '/account/sessions/end-others')).location).toBe(
    '/account?notice=others-ended',
  );
  for (const other of others) expect(await isSignedIn(other)).toBe(false);
  expect(await isSignedIn(person)).toBe(true);

  const later = await signInAs(server.issuer, username);
  const question = await person.open('/account/sessions/end-all');
  expect(question.text).toContain('this one too');
  expect(await isSignedIn(later)).toBe(true);
  const copy = new Map(person.cookies);
  const done = await person.submit(question);
  expect(done.text).toContain('You are signed out');
  expect(person.cookies.has(SESSION)).toBe(false);
  for (const [name, value] of copy) person.cookies.set(name, value);
  expect([await isSignedIn(person), await isSignedIn(later)]).toEqual([false, false]);
});

test('another replica knows at once that a session has ended', async () => {
  const replica = await startServer({
    env: { ...server.env, OAUTH2_SERVER_PORT: String(await freePort()), OAUTH2_ISSUER: server.issuer },
  });
  const elsewhere = await signInAs(`http://127.0.0.1:${replica.port}`, username);
  expect(await isSignedIn(elsewhere)).toBe(true);
  await sendForm(person, '/account/sessions/end-others');
  expect(await isSignedIn(elsewhere)).toBe(false);
  await replica.terminate();
});

test('when a session was last seen is written down at the latest when the server stops', async () => {
  const replica = await startServer({
    env: { ...server.env, OAUTH2_SERVER_PORT: String(await freePort()), OAUTH2_ISSUER: server.issuer },
  });
  const mine = 'from users where users.id = user_id and username = $1';
  await query(server, `update sessions set last_seen_at = now() - interval '20 minutes' ${mine}`, [username]);
  const visitor = new Person(`http://127.0.0.1:${replica.port}`);
  for (const [name, value] of person.cookies) visitor.cookies.set(name, value);
  expect(await isSignedIn(visitor)).toBe(true);
  expect(await replica.terminate()).toBe(0);
  const sql = `select last_seen_at > now() - interval '1 minute' as seen from sessions, users
    where users.id = user_id and username = $1`;
  expect(await query(server, sql, [username])).toEqual([{ seen: true }]);
});

test('a session that was not seen for long is signed out', async () => {
  const sql = `update sessions set last_seen_at = now() - interval '2 hours'
    from users where users.id = user_id and username = $1`;
  await query(server, sql, [username]);
  expect(await isSignedIn(person)).toBe(false);
});

test('no form of the account works without its token, with another session’s, or from another site', async () => {
  await redeem(server.issuer, client, await obtainCode(server.issuer, client, {}, person));
  const elsewhere = await signInAs(server.issuer, username);
  const foreign = formOf(await elsewhere.open('/account')).fields.csrf_token!;
  const own = formOf(await person.open('/account')).fields.csrf_token!;
  const targets = {
    '/account/password': passwords(ADMIN.password, NEW_PASSWORD),
    '/account/apps/disconnect': { client_id: client.client_id },
    '/account/sessions/end': { session_id: randomUUID() },
    '/account/sessions/end-others': {},
    '/account/sessions/end-all': {},
  };
  for (const [path, fields] of Object.entries(targets)) {
    for (const token of [{}, { csrf_token: '' }, { csrf_token: foreign }]) {
      expect((await postForm(person, path, { ...fields, ...token })).status).toBe(403);
    }
    const crossSite = { 'sec-fetch-site': 'cross-site' };
    expect((await postForm(person, path, { ...fields, csrf_token: own }, crossSite)).status).toBe(403);
  }
  expect([await isSignedIn(person), await isSignedIn(elsewhere)]).toEqual([true, true]);
  expect(await account()).toContain('Photo');
});

test('a session that ended meanwhile changes nothing, and leads to the login', async () => {
  const { fields } = formOf(await person.open('/account'), '/account/password');
  await query(server, `update sessions set ended_at = now() where ended_at is null`);
  const answer = await postForm(person, '/account/password', {
    ...fields,
    ...passwords(ADMIN.password, NEW_PASSWORD),
  });
  expect(answer.location).toBe('/auth/login?return_to=%2Faccount');
  await signInAs(server.issuer, username);
});
