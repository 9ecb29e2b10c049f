import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { formOf, Person, type Step } from '../support/person.ts';
import { ADMIN, freePort, runCli, startServer, type TestServer } from '../support/server.ts';
import { addPerson, query } from './database.ts';
import { postForm } from './post-form.ts';

const PER_ACCOUNT = 4;
const PER_ADDRESS = 12;
const LOCK_SECONDS = 120;

let server: TestServer;
let username: string;

// Each attempt says where it comes from, as a trusted proxy would.
beforeAll(async () => {
  server = await startServer({
    env: {
      OAUTH2_TRUSTED_PROXIES: 'loopback',
      OAUTH2_LOGIN_ATTEMPTS_PER_ACCOUNT: String(PER_ACCOUNT),
      OAUTH2_LOGIN_ATTEMPTS_PER_ADDRESS: String(PER_ADDRESS),
      OAUTH2_LOGIN_LOCK: String(LOCK_SECONDS),
    },
  });
});
afterAll(() => server.stop());

beforeEach(async () => {
  username = `person-${randomUUID()}`;
  await addPerson(server, username);
});

async function attempt(
  credentials: { username: string; password: string },
  address: string,
  base = server.issuer,
): Promise<Step> {
  const person = new Person(base);
  const { fields } = formOf(await person.open('/auth/login'));
  return postForm(person, '/auth/login', { ...fields, ...credentials }, { 'x-forwarded-for': address });
}

async function statuses(count: number, name: string, address: string): Promise<number[]> {
  const found = [];
  for (let index = 0; index < count; index += 1) {
    found.push((await attempt({ username: name, password: `wrong ${index}` }, address)).status);
  }
  return found;
}

test('guessing an account’s password ends in a lock that the right password does not open, from that address', async () => {
  expect(await statuses(PER_ACCOUNT + 1, username, '192.0.2.1')).toEqual([
    ...Array(PER_ACCOUNT).fill(401),
    429,
  ]);
  const locked = await attempt({ username, password: ADMIN.password }, '192.0.2.1');
  expect(locked.status).toBe(429);
  const wait = Number(locked.headers.get('retry-after'));
  expect(wait).toBeGreaterThan(LOCK_SECONDS - 30);
  expect(wait).toBeLessThanOrEqual(LOCK_SECONDS);
  expect(locked.text).toContain('Too many attempts have failed. Wait 2 minutes, then try again.');
  // The owner at home is not locked out by a stranger elsewhere.
  expect((await attempt({ username, password: ADMIN.password }, '192.0.2.2')).status).toBe(303);
});

test('a lock tells nobody whether there is such an account', async () => {
  const seen = [];
  for (const [name, address] of [
    [username, '192.0.2.10'],
    [`nobody-${randomUUID()}`, '192.0.2.11'],
  ] as const) {
    const answers = await statuses(PER_ACCOUNT + 2, name, address);
    const { text } = await attempt({ username: name, password: 'again' }, address);
    seen.push({ answers, text: text.replaceAll(name, '…').replace(/value="[\w-]{43}"/g, '') });
  }
  expect(seen[1]).toEqual(seen[0]);
});

test('many attempts at once get no further than as many in a row', async () => {
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => attempt({ username, password: `wrong ${index}` }, '192.0.2.20')),
  );
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(PER_ACCOUNT);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(12 - PER_ACCOUNT);
});

test('an address that tries one account after the other is locked as a whole, a whole IPv6 network too', async () => {
  for (const address of [() => '192.0.2.30', (index: number) => `2001:db8:1:2:${index}::${index + 1}`]) {
    const answers = [];
    for (let index = 0; index <= PER_ADDRESS; index += 1) {
      answers.push(
        (await attempt({ username: `spray-${index}`, password: 'Spring2026!' }, address(index))).status,
      );
    }
    expect(answers).toEqual([...Array(PER_ADDRESS).fill(401), 429]);
    expect((await attempt({ username, password: ADMIN.password }, address(7))).status).toBe(429);
  }
  expect((await attempt({ username, password: ADMIN.password }, '2001:db8:1:3::1')).status).toBe(303);
});

test('an account that is tried from everywhere is locked from everywhere', async () => {
  const answers = [];
  for (let index = 0; index <= PER_ACCOUNT * 10; index += 1) {
    answers.push((await attempt({ username, password: 'wrong' }, `198.51.100.${index}`)).status);
  }
  expect(answers).toEqual([...Array(PER_ACCOUNT * 10).fill(401), 429]);
  expect((await attempt({ username, password: ADMIN.password }, '203.0.113.1')).status).toBe(429);
  const locks = await query(
    server,
    `select user_id from audit_events join users on users.id = user_id where type = 'login_locked' and username = $1`,
    [username],
  );
  expect(locks).toHaveLength(1);
  // An operator who gives a new password opens the lock.
  const reset = await runCli(
    ['users', 'reset-password', username, '--password-stdin'],
    server.env,
    'a new password',
  );
  expect(reset).toMatchObject({ code: 0, stderr: '' });
  expect((await attempt({ username, password: 'a new password' }, '203.0.113.1')).status).toBe(303);
});

test('a login that succeeds clears what failed before it', async () => {
  for (let round = 0; round < 3; round += 1) {
    expect(await statuses(PER_ACCOUNT - 1, username, '192.0.2.40')).toEqual(Array(PER_ACCOUNT - 1).fill(401));
    expect((await attempt({ username, password: ADMIN.password }, '192.0.2.40')).status).toBe(303);
  }
});

test('another replica counts on, upper and lower case are one name, and a lock ends', async () => {
  const replica = await startServer({
    env: { ...server.env, OAUTH2_SERVER_PORT: String(await freePort()), OAUTH2_ISSUER: server.issuer },
  });
  const elsewhere = `http://127.0.0.1:${replica.port}`;
  expect(await statuses(PER_ACCOUNT, username, '192.0.2.50')).toEqual(Array(PER_ACCOUNT).fill(401));
  const shouted = { username: username.toUpperCase(), password: ADMIN.password };
  expect((await attempt(shouted, '192.0.2.50', elsewhere)).status).toBe(429);
  await query(server, `update login_attempts set expire = $1 where key like 'pair:%'`, [Date.now() - 1]);
  expect((await attempt(shouted, '192.0.2.50', elsewhere)).status).toBe(303);
  await replica.terminate();
});
