import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { authorizationUrl, post, registerClient } from '../support/client.ts';
import { formOf, Person, type Step } from '../support/person.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';
import { addPerson } from './database.ts';
import { postForm } from './post-form.ts';
import { stopUnharmed } from './unharmed.ts';

const WRONG = 'a wrong horse battery staple';

/** Names of one length, so that even the length of the answer must be the same. */
const ATTEMPTS = {
  'unknown user': { username: 'ghost', password: WRONG },
  'wrong password': { username: ADMIN.username, password: WRONG },
  'disabled user, wrong password': { username: 'blind', password: WRONG },
  'disabled user, right password': { username: 'blind', password: ADMIN.password },
} as const;

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await addPerson(server, 'blind', true);
});
afterAll(() => stopUnharmed(server));

async function attempt(credentials: {
  username: string;
  password: string;
}): Promise<Step & { millis: number }> {
  const person = new Person(server.issuer);
  const { fields } = formOf(await person.open('/auth/login'));
  const started = performance.now();
  const step = await postForm(person, '/auth/login', { ...fields, ...credentials });
  return { ...step, millis: performance.now() - started };
}

/** What an answer tells, without what differs in every answer and without the name that was typed. */
function told({ status, headers, text }: Step, username: string) {
  const changing = ['date', 'x-request-id'];
  return {
    status,
    headers: [...headers].filter(([name]) => !changing.includes(name)),
    text: text
      .replaceAll(`value="${username}"`, 'value="…"')
      .replace(/(name="csrf_token" value=")[^"]*/, '$1…'),
  };
}

test('a failed login says the same, whether the name is unknown, the password wrong or the account disabled', async () => {
  const right = await attempt(ADMIN);
  expect(right.status).toBe(303);
  const answers = [];
  for (const [why, credentials] of Object.entries(ATTEMPTS)) {
    answers.push([why, told(await attempt(credentials), credentials.username)] as const);
  }
  const [[, first]] = answers as [(typeof answers)[0]];
  expect(first.status).toBe(401);
  expect(first.text).toContain('do not match');
  for (const [why, answer] of answers) expect([why, answer]).toEqual([why, first]);
});

test('a failed login takes as long, whatever is wrong', async () => {
  const millis: Record<string, number[]> = {};
  for (let round = 0; round < 7; round += 1) {
    for (const [why, credentials] of Object.entries(ATTEMPTS)) {
      (millis[why] ??= []).push((await attempt(credentials)).millis);
    }
  }
  const medians = Object.values(millis).map((times) => times.toSorted((a, b) => a - b)[times.length >> 1]!);
  // A look-up alone is twenty times as fast as a password hash.
  expect(Math.max(...medians) / Math.min(...medians)).toBeLessThan(3);
});

test('a failed login says the same for passwords that are empty, long beyond bcrypt, or not ASCII', async () => {
  for (const password of [
    '',
    'x'.repeat(73),
    `${ADMIN.password}${'x'.repeat(60)}`,
    'пароль',
    ADMIN.password.toUpperCase(),
  ]) {
    const known = told(await attempt({ username: ADMIN.username, password }), ADMIN.username);
    const unknown = told(await attempt({ username: 'ghost', password }), 'ghost');
    expect([password, known]).toEqual([password, unknown]);
    expect(known.status).toBe(401);
  }
});

test('names with wildcards, quotes or spaces find nobody', async () => {
  for (const username of [
    '%',
    'adm%',
    'admi_',
    "admin' or '1'='1",
    "admin'--",
    'admin ',
    ' admin',
    'admin\t',
    'аdmin',
  ]) {
    const { status } = await attempt({ username, password: ADMIN.password });
    expect([username, status]).toEqual([username, 401]);
  }
});

test('an authorization request with a hint shows the same login page for any name', async () => {
  const client = await registerClient(server.issuer);
  const pages = [];
  for (const username of [ADMIN.username, 'blind', 'ghost']) {
    const step = await new Person(server.issuer).open(
      authorizationUrl(server.issuer, client, { login_hint: username, state: 's' }).url,
    );
    const { status, text } = told(step, username);
    pages.push({
      status,
      text: text.replace(username, '…').replace(/code_challenge=[\w-]*/, ''),
    });
  }
  expect(pages[1]).toEqual(pages[0]);
  expect(pages[2]).toEqual(pages[0]);
});

test('the token endpoint takes no passwords, and says so alike for any name', async () => {
  const client = await registerClient(server.issuer);
  const answers = [];
  for (const { username, password } of [ADMIN, ...Object.values(ATTEMPTS)]) {
    const fields = { grant_type: 'password', username, password };
    const { status, body } = await post(`${server.issuer}/oauth/token`, client, fields);
    answers.push({ status, body });
  }
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  expect(answers[0]).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } });
});
