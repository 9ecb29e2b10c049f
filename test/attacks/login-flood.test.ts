import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { availableParallelism } from 'node:os';
import { post, registerClient, type TestClient } from '../support/client.ts';
import { formOf, Person } from '../support/person.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';
import { postForm } from './post-form.ts';
import { signIn } from './sign-in.ts';
import { stopUnharmed } from './unharmed.ts';

/** More than the server hashes at once and lets wait, however many cores there are. */
const LOGINS = availableParallelism() + 72;

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server.issuer, { grant_types: ['client_credentials'] });
});
afterAll(() => stopUnharmed(server, /"route":"\/auth\/login","status":503/));

test('a flood of logins is refused past a short queue, and holds up nobody but those who log in', async () => {
  const person = new Person(server.issuer);
  const { fields } = formOf(await person.open('/auth/login'));
  let finished = 0;
  const flood = Array.from({ length: LOGINS }, async (_, index) => {
    // Known and unknown names alike: being refused for the load tells nobody which are which.
    const username = index % 2 === 0 ? ADMIN.username : 'ghost';
    const { status, headers, location } = await postForm(person, '/auth/login', {
      ...fields,
      username,
      password: 'a wrong horse battery staple',
    });
    finished += 1;
    return { status, location, retryAfter: headers.get('retry-after') };
  });
  const tokens = [];
  while (finished < LOGINS) {
    const { status } = await post(`${server.issuer}/oauth/token`, client, {
      grant_type: 'client_credentials',
    });
    tokens.push({ status, during: finished });
  }
  const answers = await Promise.all(flood);
  const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length;
  expect(count(401) + count(503)).toBe(LOGINS);
  expect([count(401) > 0, count(503) > 0]).toEqual([true, true]);
  for (const { status, location, retryAfter } of answers) {
    expect([location, retryAfter !== null]).toEqual([null, status === 503]);
  }
  for (const { status } of tokens) expect(status).toBe(200);
  // Machines were served while people's passwords were still being hashed, not after.
  expect(tokens.filter(({ during }) => during < LOGINS).length).toBeGreaterThan(3);
});

test('after the flood the right password works again', async () => {
  await signIn(server.issuer);
});
