import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { authorizationUrl, registerClient, REDIRECT_URI, type TestClient } from '../support/client.ts';
import { formOf, Person } from '../support/person.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';
import { postForm } from './post-form.ts';
import { rawRequest, requestText, statusOf } from './raw-request.ts';
import { stopUnharmed } from './unharmed.ts';
import { signIn } from './sign-in.ts';

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server.issuer);
});
afterAll(async () => {
  const lines = server.output().split('\n');
  await stopUnharmed(server);
  expect(lines.filter((line) => /injected/i.test(line))).toEqual([]);
});

const BREAKS = [
  '\r\nX-Injected: 1',
  '\nX-Injected: 1',
  '\rX-Injected: 1',
  '\r\n\r\n<script>injected</script>',
  '\r\nSet-Cookie: stagedoor_session=injected',
  '\r\nLocation: https://injected.example',
  '%0d%0aX-Injected: 1',
  '\u560d\u560aX-Injected: 1', // whose low bytes are a line break
  '\u2028X-Injected: 1',
  '\x0b\x0cX-Injected: 1',
  '\u0085X-Injected: 1',
];

/** The raw answer, so that nothing is read as a header that a client library would hide. */
async function answerTo(text: string): Promise<string> {
  const answer = await rawRequest(server.port, text);
  expect(statusOf(answer)).toBeGreaterThanOrEqual(200);
  expect(statusOf(answer)).toBeLessThan(500);
  const end = answer.indexOf('\r\n\r\n');
  const head = answer.slice(0, end);
  const names = head
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(':')[0]!.toLowerCase());
  for (const name of names) expect(KNOWN_HEADERS).toContain(name);
  expect(names.filter((name) => name === 'location').length).toBeLessThanOrEqual(1);
  expect(head.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  expect(answer.slice(end)).not.toContain('<script>');
  return head;
}

const KNOWN_HEADERS = [
  'x-request-id', 'location', 'cache-control', 'referrer-policy', 'content-type', 'content-length', 'set-cookie',
  'content-security-policy', 'x-content-type-options', 'x-frame-options', 'www-authenticate', 'date', 'connection', 'transfer-encoding', 'allow',
  'access-control-allow-origin', 'access-control-expose-headers', 'pragma',
]; // prettier-ignore

const get = (query: Record<string, string>, path = '/oauth/authorize') =>
  requestText('GET', `${path}?${new URLSearchParams(query).toString()}`);

test('a line break in any parameter of an authorization request starts no header', async () => {
  const fields = Object.fromEntries(new URL(authorizationUrl(server.issuer, client).url).searchParams);
  const optional = {
    nonce: 'n',
    login_hint: 'ada',
    resource: 'https://a.example',
    ui_locales: 'en',
    prompt: 'none',
    error: 'x',
  };
  for (const name of Object.keys({ ...fields, ...optional })) {
    for (const bad of BREAKS) await answerTo(get({ ...fields, [name]: `${fields[name] ?? ''}${bad}` }));
  }
});

test('a state with line breaks comes back to the client as it was, inside the query', async () => {
  for (const bad of BREAKS) {
    const state = `before${bad}after`;
    const { url } = authorizationUrl(server.issuer, client, { state, prompt: 'none' });
    const { location } = await new Person(server.issuer).request(url);
    expect(location).toMatch(/^[\x21-\x7e]+$/);
    expect(new URL(location!).origin + new URL(location!).pathname).toBe(REDIRECT_URI);
    expect(new URL(location!).searchParams.get('state')).toBe(state);
    expect(new URL(location!).searchParams.get('error')).toBe('login_required');
  }
});

test('a line break survives login and consent inside the state alone', async () => {
  const state = 'x\r\nX-Injected: 1';
  const answer = await new Person(server.issuer).authorize(
    authorizationUrl(server.issuer, client, { state }).url,
  );
  expect([answer.get('state'), answer.has('code')]).toEqual([state, true]);
});

test('a line break in a scope is refused with our own words', async () => {
  const person = await signIn(server.issuer);
  for (const bad of BREAKS) {
    const { url } = authorizationUrl(server.issuer, client, { scope: `read${bad}`, prompt: 'none' });
    const { location } = await person.request(url);
    expect(location).not.toMatch(/injected/i);
    // Some are text that no client may have beside "read"; none is granted.
    expect(location).toMatch(/error=(?:invalid_scope|consent_required)/);
  }
});

test('a line break in a redirect URI stays on our page', async () => {
  for (const bad of BREAKS) {
    for (const redirect_uri of [`${REDIRECT_URI}${bad}`, `https://app.example${bad}/callback`, bad.trim()]) {
      const step = await new Person(server.issuer).request(
        authorizationUrl(server.issuer, client, { redirect_uri, prompt: 'none' }).url,
      );
      expect([redirect_uri, step.status, step.location]).toEqual([redirect_uri, 400, null]);
      expect(step.text).not.toMatch(/injected/i);
    }
  }
});

test('a line break in return_to or in a name is no header of the login', async () => {
  for (const bad of BREAKS) {
    await answerTo(get({ return_to: `/oauth/authorize?x=1${bad}` }, '/auth/login'));
    const person = new Person(server.issuer);
    const { fields } = formOf(await person.open('/auth/login'));
    const failed = await postForm(person, '/auth/login', { ...fields, username: `x${bad}`, password: 'x' });
    expect(failed.status).toBe(401);
    expect([...failed.headers.keys()]).not.toContain('x-injected');
  }
  for (const bad of BREAKS.slice(0, 3)) {
    const person = new Person(server.issuer);
    const { fields } = formOf(await person.open('/auth/login'));
    const step = await postForm(person, '/auth/login', {
      ...fields,
      ...ADMIN,
      return_to: `/oauth/authorize?x=1${bad}`,
    });
    expect([step.status, step.location]).toEqual([303, '/account']);
  }
});

test('a line break in a client’s credentials or grant type is no header of the answer', async () => {
  const type = 'Content-Type: application/x-www-form-urlencoded';
  for (const bad of BREAKS) {
    for (const name of ['client_id', 'client_secret', 'grant_type', 'code', 'token', 'scope']) {
      const fields = {
        client_id: client.client_id,
        client_secret: client.client_secret!,
        grant_type: 'x',
        [name]: bad,
      };
      const body = new URLSearchParams(fields).toString();
      const head = await answerTo(requestText('POST', '/oauth/token', [type], body));
      expect(head).not.toMatch(/injected/i);
    }
    const basic = Buffer.from(`x${bad}:y${bad}`).toString('base64');
    await answerTo(
      requestText('POST', '/oauth/token', [type, `Authorization: Basic ${basic}`], 'grant_type=x'),
    );
  }
});

test('nothing of a request’s headers is echoed', async () => {
  const echo = 'injected.example';
  const headers = [
    `Origin: https://${echo}`,
    `Referer: https://${echo}/`,
    `User-Agent: ${echo}`,
    `X-Request-Id: ${echo}`,
  ];
  for (const path of ['/auth/login', '/account', '/.well-known/jwks.json', '/oauth/token', '/nowhere']) {
    const text = requestText('GET', path, [...headers, `X-Forwarded-For: ${echo}`]).replace(
      'auth.example',
      echo,
    );
    expect(await rawRequest(server.port, text)).not.toContain(echo);
  }
});
