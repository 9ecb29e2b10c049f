import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { addPerson, query } from '../attacks/database.ts';
import { introspect, obtainCode, redeem, refresh, registerClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { Person } from '../support/person.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';
import { isSignedIn, passwords, sendForm, SESSION, signInAs } from './account-forms.ts';

const NEW_PASSWORD = 'quite another password';
const ATTEMPTS = 4;

let server: TestServer;
let username: string;
let person: Person;

beforeAll(async () => {
  server = await startServer({ env: { OAUTH2_LOGIN_ATTEMPTS_PER_ACCOUNT: String(ATTEMPTS) } });
});
afterAll(() => server.stop());
beforeEach(async () => {
  username = `person-${randomUUID()}`;
  await addPerson(server, username);
  person = await signInAs(server.issuer, username);
});

test('a new password ends other sessions and tokens; this browser goes on under a new id', async () => {
  const elsewhere = await signInAs(server.issuer, username);
  const client = await registerClient(server.issuer);
  const tokens = (await redeem(server.issuer, client, await obtainCode(server.issuer, client, {}, person)))
    .body;
  const code = await obtainCode(server.issuer, client, {}, person);
  const before = person.cookies.get(SESSION)!;
  const answer = await sendForm(person, '/account/password', passwords(ADMIN.password, NEW_PASSWORD));
  expect({ status: answer.status, location: answer.location }).toEqual({
    status: 303,
    location: '/account?notice=password-changed',
  });
  expect(person.cookies.get(SESSION)).not.toBe(before);
  expect((await person.open(answer.location!)).text).toContain('Your password is changed');
  expect(await isSignedIn(elsewhere)).toBe(false);
  const thief = new Person(server.issuer);
  thief.cookies.set(SESSION, before);
  expect(await isSignedIn(thief)).toBe(false);
  expect(await introspect(server.issuer, client, tokens.access_token)).toEqual({ active: false });
  expect((await refresh(server.issuer, client, tokens.refresh_token)).status).toBe(400);
  expect((await redeem(server.issuer, client, code)).status).toBe(400);

  const old = new Person(server.issuer);
  const login = await old.logIn(await old.open('/auth/login'), { username, password: ADMIN.password });
  expect(login.status).toBe(401);
  await signInAs(server.issuer, username, NEW_PASSWORD);
  const sql = `select from audit_events join users on users.id = user_id
    where username = $1 and type = 'password_changed'`;
  await eventually(
    () => query(server, sql, [username]),
    ({ length }) => length === 1,
  );
});

test.each([
  [
    'a wrong current password',
    passwords('not this one', NEW_PASSWORD),
    /current_password_mistake">\s*That is not/,
  ],
  ['none', passwords('', NEW_PASSWORD), /current_password_mistake">\s*Please/],
  ['a short new one', passwords(ADMIN.password, 'elf zeichen'), /new_password_mistake">\s*Too short/],
  ['a long one', passwords(ADMIN.password, 'é'.repeat(37)), /new_password_mistake">\s*Too long/],
  [
    'the same one',
    passwords(ADMIN.password, ADMIN.password),
    /new_password_mistake">\s*This is your current/,
  ],
  ['two new ones', passwords(ADMIN.password, NEW_PASSWORD, 'other'), /again_mistake">\s*The two new/],
])('%s is explained at its field, and nothing changes', async (_what, fields, explained) => {
  const before = person.cookies.get(SESSION);
  const answer = await sendForm(person, '/account/password', fields);
  expect(answer.status).toBe(400);
  expect(answer.text).toMatch(explained);
  for (const typed of Object.values(fields)) if (typed !== '') expect(answer.text).not.toContain(typed);
  expect(person.cookies.get(SESSION)).toBe(before);
  await signInAs(server.issuer, username);
});

test('guesses of the current password end in a lock that the login shares', async () => {
  const statuses = [];
  for (let guess = 0; guess <= ATTEMPTS; guess += 1) {
    statuses.push(
      (await sendForm(person, '/account/password', passwords(`guess ${guess}`, NEW_PASSWORD))).status,
    );
  }
  expect(statuses).toEqual([...Array<number>(ATTEMPTS).fill(400), 429]);
  const locked = await sendForm(person, '/account/password', passwords(ADMIN.password, NEW_PASSWORD));
  expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(locked.text).toContain('Too many attempts have failed');
  const login = new Person(server.issuer);
  const answer = await login.logIn(await login.open('/auth/login'), { username, password: ADMIN.password });
  expect(answer.status).toBe(429);
  expect(await isSignedIn(person)).toBe(true);
});
