import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { authorizationUrl, registerClient, REDIRECT_URI } from '../support/client.ts';
import { formOf, Person, type Step } from '../support/person.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { postForm } from './post-form.ts';
import { signIn } from './sign-in.ts';
import { stopUnharmed } from './unharmed.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => stopUnharmed(server));

const PAYLOADS = [
  '"><script>alert(1)</script>',
  "'><img src=x onerror=alert(1)>",
  '</title><svg onload=alert(1)>',
  '" autofocus onfocus="alert(1)',
  '<!--<script>',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '+ADw-script+AD4-alert(1)+ADw-/script+AD4-',
  '\u2028<script>alert(1)</script>',
  '<base href="https://evil.example/">',
  '<meta http-equiv="refresh" content="0;url=https://evil.example">',
  '<form action="https://evil.example"><button>',
  '${alert(1)} {{7*7}} <%= 7*7 %>',
];

/** The tags that our pages are made of: quoted attributes, and nothing that runs or loads. */
const TAG =
  /<\/?(html|head|meta|title|link|body|header|p|span|main|h[12]|form|input|div|label|button|footer|ul|li|bdi|a|d[ldt])((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*\/?>/g;

/** A page of ours with nothing in it that runs, loads or leads elsewhere, under a policy that would not let it. */
function expectHarmless({ text, headers }: Pick<Step, 'text' | 'headers'>): void {
  expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
  const rest = text.replace(/^<!doctype html>/, '').replace(TAG, (_tag, name: string, attributes: string) => {
    for (const [, attribute, value] of attributes.matchAll(/([a-z-]+)(?:="([^"]*)")?/g)) {
      expect(attribute).not.toMatch(/^(on.*|style|srcdoc|http-equiv|formaction|src)$/);
      if (attribute === 'action') expect(value).toMatch(/^\/(auth|oauth)\/[a-z/]+$/);
      if (attribute === 'href') expect(value).toMatch(name === 'a' ? /^(\/[a-z]|https?:\/\/)/ : /^\/[a-z]/);
    }
    return '';
  });
  // What is no tag of that kind is text.
  expect(rest).not.toMatch(/[<>"]/);
  expectStrictPolicy(headers);
}

const DIRECTIVES = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  /^form-action 'self'( https:\/\/[a-z0-9.:-]+| http:\/\/[a-z0-9.:-]+| [a-z0-9.+-]+:)?$/,
  "base-uri 'none'",
  "frame-ancestors 'none'",
];

function expectStrictPolicy(headers: Headers): void {
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).not.toMatch(/unsafe|script-src|\*|data:|blob:|,/);
  const directives = policy.split('; ');
  expect(directives.length).toBe(DIRECTIVES.length);
  for (const [index, expected] of DIRECTIVES.entries()) {
    if (typeof expected === 'string') expect(directives[index]).toBe(expected);
    else expect(directives[index]).toMatch(expected);
  }
  expect(headers.get('x-content-type-options')).toBe('nosniff');
}

test('a client’s name is text on the login and consent page, whatever it contains', async () => {
  const person = await signIn(server.issuer);
  for (const payload of PAYLOADS) {
    const client = await registerClient(server.issuer, { client_name: payload });
    const { url } = authorizationUrl(server.issuer, client);
    const login = await new Person(server.issuer).open(url);
    const consent = await person.open(url);
    expect(consent.text).toContain('name="decision"');
    for (const page of [login, consent]) {
      expectHarmless(page);
      expect(page.text).toContain(escaped(payload.trim()));
    }
  }
});

test('a client’s website is linked only if it is one', async () => {
  const bad = [
    'javascript:alert(1)',
    'JAVASCRIPT:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>',
    'vbscript:x',
    'file:///etc/passwd',
    '//evil.example',
    'x',
    'blob:https://a/b',
  ];
  for (const client_uri of bad) {
    await expect(registerClient(server.issuer, { client_uri })).rejects.toThrow('invalid_client_metadata');
  }
  const person = await signIn(server.issuer);
  for (const client_uri of [
    'https://app.example/"><script>alert(1)</script>',
    "https://app.example/?'onmouseover='x",
    'http://a.example/#<svg/onload=alert(1)>',
  ]) {
    const client = await registerClient(server.issuer, { client_uri });
    const consent = await person.open(authorizationUrl(server.issuer, client).url);
    expect(consent.text).toContain('noopener');
    expectHarmless(consent);
  }
});

test('every parameter of an authorization request is text on the pages that carry it', async () => {
  const person = await signIn(server.issuer);
  const client = await registerClient(server.issuer);
  for (const payload of PAYLOADS) {
    const fields = {
      state: payload,
      nonce: payload,
      login_hint: payload,
      ui_locales: payload,
      resource: payload,
      [payload]: payload,
    };
    const { url } = authorizationUrl(server.issuer, client, { ...fields, prompt: 'consent' });
    const login = await new Person(server.issuer).open(url);
    expect(login.text).toContain(`value="${escaped(payload)}"`);
    const consent = await person.open(url);
    expect(formOf(consent).fields).toMatchObject({ state: payload, nonce: payload, [payload]: payload });
    expectHarmless(login);
    expectHarmless(consent);
  }
});

test('error pages repeat nothing of what was sent', async () => {
  const client = await registerClient(server.issuer);
  const person = await signIn(server.issuer);
  for (const payload of PAYLOADS) {
    const encoded = encodeURIComponent(payload);
    const { url } = authorizationUrl(server.issuer, client, { redirect_uri: payload });
    const html = { headers: { accept: 'text/html' } };
    for (const step of [
      await person.request(url),
      await person.request(`/oauth/authorize?client_id=${encoded}`),
      await person.request(`/oauth/authorize?${encoded}=1&${encoded}=2`),
      await person.request(`/${encoded}`, html),
      await person.request(`/oauth/${encoded}?x=${encoded}`, html),
      await person.request(`/error?error=${encoded}&error_description=${encoded}`, html),
      await postForm(person, '/auth/logout', { csrf_token: payload }),
      await postForm(person, '/oauth/authorize/decision', { csrf_token: payload, [payload]: payload }),
    ]) {
      expect(step.status).toBeGreaterThanOrEqual(400);
      expectHarmless(step);
      expect(step.text).not.toContain('alert');
      expect(step.text).not.toContain('evil');
    }
  }
});

test('a failed login shows the name that was typed as text, and not the password', async () => {
  for (const payload of PAYLOADS.slice(0, 4)) {
    const person = new Person(server.issuer);
    const { fields } = formOf(await person.open('/auth/login'));
    const step = await postForm(person, '/auth/login', {
      ...fields,
      username: payload,
      password: `pw${payload}`,
    });
    expect(step.status).toBe(401);
    expect(step.text).toContain(`value="${escaped(payload)}"`);
    expect(step.text).not.toContain(escaped(`pw${payload}`));
    expectHarmless(step);
  }
});

test('return_to is carried as text', async () => {
  for (const payload of PAYLOADS) {
    const return_to = `/oauth/authorize?client_id=x&login_hint=${payload}`;
    const query = new URLSearchParams({ return_to }).toString();
    expectHarmless(await new Person(server.issuer).request(`/auth/login?${query}`));
  }
});

test('a redirect URI cannot write into the policy of the page that leads to it', async () => {
  const hosts = [
    "a;script-src'unsafe-inline'",
    'a;sandbox',
    'a,b',
    "'self'",
    "a'b",
    'a;frame-ancestors',
    'a"b',
    'a$b',
    'a&b',
    'a(b)',
    'a!b',
    'a=b',
    'a{b}',
    'a~b',
    'a`b',
  ];
  for (const host of hosts) {
    for (const redirect_uris of [[`https://${host}/cb`], [`com.example.app://${host}/cb`]]) {
      await expect(registerClient(server.issuer, { redirect_uris })).rejects.toThrow('invalid_redirect_uri');
    }
  }
  const person = await signIn(server.issuer);
  for (const uri of [
    'https://app.example:8443/cb;script-src%20x',
    "https://app.example/cb?x=';script-src'",
    'http://127.0.0.1:3000/cb,x',
    'http://[::1]:3000/cb',
    'com.example.app:/cb;x',
  ]) {
    const client = await registerClient(server.issuer, { redirect_uris: [uri] });
    const { url } = authorizationUrl(server.issuer, client);
    expectHarmless(await person.open(url));
    expectHarmless(await new Person(server.issuer).open(url));
  }
});

test('JSON that repeats what was sent cannot be read as a page', async () => {
  const response = await fetch(`${server.issuer}/clients/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/html' },
    body: JSON.stringify({ client_name: PAYLOADS[0], redirect_uris: [REDIRECT_URI] }),
  });
  expect(response.status).toBe(201);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
});

function escaped(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
