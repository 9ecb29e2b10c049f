import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { authorizationUrl, registerClient, type TestClient } from '../support/client.ts';
import { formOf, Person, type Step } from '../support/person.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';
import { postForm } from './post-form.ts';
import { signIn } from './sign-in.ts';
import { rawRequest, requestText } from './raw-request.ts';
import { stopUnharmed } from './unharmed.ts';

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server.issuer);
});
afterAll(() => stopUnharmed(server));

const AT_ONCE = 12;

const ELSEWHERE = [
  'https://evil.example',
  'https://evil.example/oauth/authorize?client_id=x',
  'HTTPS://evil.example',
  'https:evil.example',
  'https:/evil.example',
  'https:///evil.example',
  '//evil.example',
  '///evil.example',
  '////evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '\\/evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '\t//evil.example',
  ' //evil.example',
  ' https://evil.example',
  '\u0001//evil.example',
  '/%2f/evil.example',
  '/%5cevil.example',
  '%2f%2fevil.example',
  'https%3A%2F%2Fevil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/;//evil.example',
  '/@evil.example',
  '@evil.example',
  '.evil.example',
  ':80@evil.example',
  'evil.example',
  'javascript:alert(1)',
  'data:text/html,evil',
  '/oauth/authorize@evil.example',
  '/oauth/authorize//evil.example',
  '/oauth/authorize/..//..//evil.example?',
  '/oauth/authorize/../../../evil?x',
  '/oauth/authorize\\@evil.example?x',
  '/oauth/authorize%3Fclient_id=x',
  '/oauth/authorize#@evil.example',
  '/oauth/authorizeevil?x',
  '/OAUTH/authorize?x',
  '//oauth/authorize?x',
  '/oauth/authorize/decision?decision=allow',
  '/oauth/authorize? https://evil.example',
  '/oauth/authorize?x=1\r\nLocation: https://evil.example',
  '/oauth/authorize?х',
  '/account/../../evil.example',
  '/account//evil.example',
  '/account?next=//evil.example',
  '/account@evil.example',
  '/account ',
  '/Account',
  '/auth/logout?x',
  '/auth/login',
  '/clients/register',
  '/',
  '',
  'null',
  '__proto__',
  'constructor',
];

async function logInWith(returnTo: string) {
  const person = new Person(server.issuer);
  const { fields } = formOf(await person.open('/auth/login'));
  return postForm(person, '/auth/login', { ...fields, ...ADMIN, return_to: returnTo });
}

test('the login page carries no return_to that leads elsewhere', async () => {
  const person = new Person(server.issuer);
  for (const returnTo of ELSEWHERE) {
    const query = new URLSearchParams({ return_to: returnTo }).toString();
    const page = await person.request(`/auth/login?${query}`);
    expect([returnTo, page.status, formOf(page).fields.return_to]).toEqual([returnTo, 200, '/account']);
    expect(page.text).not.toContain('evil');
  }
});

test('a login leads to a page of ours, whatever its form says', async () => {
  const answers: Step[] = [];
  // A few at once: more would be refused as a flood.
  for (let done = 0; done < ELSEWHERE.length; done += AT_ONCE) {
    answers.push(...(await Promise.all(ELSEWHERE.slice(done, done + AT_ONCE).map(logInWith))));
  }
  expect(answers.map(({ status, location }, index) => [ELSEWHERE[index], status, location])).toEqual(
    ELSEWHERE.map((returnTo) => [returnTo, 303, '/account']),
  );
});

test('a login leads back to an authorization request, which is checked again', async () => {
  const { url } = authorizationUrl('', client, { redirect_uri: 'https://evil.example/' });
  const step = await logInWith(url);
  expect([step.status, step.location]).toEqual([303, url]);
  const followed = await new Person(server.issuer).request(step.location!);
  expect([followed.status, followed.location]).toEqual([400, null]);
  for (const query of [
    '//evil.example',
    '@evil.example',
    'x=//evil.example',
    '/../..//evil.example',
    '\\evil.example',
    '#//evil',
  ]) {
    const { location } = await logInWith(`/oauth/authorize?${query}`);
    const target = new URL(location!, server.issuer);
    expect([target.origin, target.pathname]).toEqual([server.issuer, '/oauth/authorize']);
  }
});

test('a request line that names another host is redirected to a path of ours', async () => {
  const path = authorizationUrl('', client).url;
  for (const target of [`http://evil.example${path}`, path, 'http://evil.example/account', '/account']) {
    const text = requestText('GET', target).replace('auth.example', 'evil.example');
    const location = /^location: (.*)$/im.exec(await rawRequest(server.port, text))?.[1];
    expect(location).toMatch(/^\/auth\/login\?/);
    expect(location).not.toContain('evil');
  }
  for (const target of [
    '//evil.example/account',
    '//evil.example/..',
    '/\\evil.example',
    '/%2f%2fevil.example',
    '//evil.example//',
  ]) {
    expect(await rawRequest(server.port, requestText('GET', target))).not.toMatch(/^location:/im);
  }
});

test('a link to us leads nobody to a client’s address before they have signed in, not even by its errors', async () => {
  const errors: Record<string, string>[] = [
    {},
    { response_type: 'token' },
    { scope: 'nothing of this' },
    { code_challenge: '' },
    { response_mode: 'fragment' },
    { request: 'x' },
    { max_age: 'x' },
    { prompt: 'login consent' },
  ];
  for (const fields of errors) {
    const { location } = await new Person(server.issuer).request(
      authorizationUrl(server.issuer, client, fields).url,
    );
    expect([fields, location?.split('?')[0]]).toEqual([fields, '/auth/login']);
  }
});

test('a posted authorization request becomes a GET on this server alone', async () => {
  const person = new Person(server.issuer);
  for (const [name, value] of [
    ['//evil.example', ''],
    ['x', '//evil.example'],
    ['redirect_uri', 'https://evil.example'],
    ['\r\nLocation', 'https://evil.example'],
  ] as const) {
    const { location } = await postForm(person, '/oauth/authorize', { a: 'b', [name]: value });
    expect(location).toMatch(/^\/oauth\/authorize\?a=b[\x21-\x7e]*$/);
  }
});

test('parameters that other servers follow are not followed here', async () => {
  const person = await signIn(server.issuer);
  const evil = 'https://evil.example/';
  const names = [
    'next',
    'url',
    'continue',
    'redirect',
    'redirect_uri',
    'post_logout_redirect_uri',
    'return_to',
    'returnTo',
    'dest',
    'callback',
  ];
  const query = new URLSearchParams(Object.fromEntries(names.map((name) => [name, evil]))).toString();
  for (const path of ['/account', '/auth/login', '/auth/logout', '/health', '/nowhere']) {
    const step = await person.request(`${path}?${query}`);
    expect(step.location).toBeNull();
    expect(step.text).not.toContain('evil');
  }
  const { action, fields } = formOf(await person.open('/account'));
  const out = await postForm(person, action, {
    ...fields,
    ...Object.fromEntries(names.map((name) => [name, evil])),
  });
  expect([out.status, out.location]).toEqual([200, null]);
});
