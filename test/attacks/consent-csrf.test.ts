import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { authorizationUrl, registerClient, type TestClient } from '../support/client.ts';
import { formOf, Person, type Step } from '../support/person.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { query } from './database.ts';
import { postForm } from './post-form.ts';
import { signIn } from './sign-in.ts';
import { stopUnharmed } from './unharmed.ts';

const DECISION = '/oauth/authorize/decision';

let server: TestServer;
let person: Person;
let client: TestClient;

beforeAll(async () => {
  server = await startServer();
  person = await signIn(server.issuer);
});
beforeEach(async () => {
  client = await registerClient(server.issuer);
});
afterAll(() => stopUnharmed(server));

async function asked(fields: Record<string, string> = {}, browser = person, whom = client): Promise<Step> {
  const step = await browser.open(authorizationUrl(server.issuer, whom, fields).url);
  expect(step.text).toContain('name="decision"');
  return step;
}

async function expectNothingGranted(whom = client): Promise<void> {
  const sql = `select (select count(*)::int from consents where client_id = $1)
    + (select count(*)::int from authorization_codes where client_id = $1) as granted`;
  expect(await query(server, sql, [whom.client_id])).toEqual([{ granted: 0 }]);
}

test('a decision without a token, or with one that is made up or another browser’s, grants nothing', async () => {
  const { fields } = formOf(await asked());
  const { csrf_token, ...request } = fields;
  const sameUserElsewhere = formOf(await asked({}, await signIn(server.issuer))).fields.csrf_token!;
  const beforeLogin = formOf(await new Person(server.issuer).open('/auth/login')).fields.csrf_token!;
  for (const token of [undefined, '', 'x', csrf_token!.slice(1), sameUserElsewhere, beforeLogin]) {
    for (const decision of ['allow', 'deny']) {
      const forged = { ...request, decision, ...(token !== undefined && { csrf_token: token }) };
      const step = await postForm(person, DECISION, forged);
      expect([token, step.status, step.location]).toEqual([token, 403, null]);
    }
  }
  await expectNothingGranted();
});

test('a decision that a browser says comes from another site grants nothing, even with the right token', async () => {
  const { fields } = formOf(await asked());
  for (const site of ['cross-site', 'same-site']) {
    const step = await postForm(
      person,
      DECISION,
      { ...fields, decision: 'allow' },
      { 'sec-fetch-site': site },
    );
    expect([step.status, step.location]).toEqual([403, null]);
  }
  await expectNothingGranted();
  const headers = { 'sec-fetch-site': 'same-origin' };
  const own = await postForm(person, DECISION, { ...fields, decision: 'allow' }, headers);
  expect(new URL(own.location!).searchParams.has('code')).toBe(true);
});

test('a request that carries its own decision is asked about like any other', async () => {
  const carried = {
    decision: 'allow',
    csrf_token: 'x',
    consent: 'true',
    approved: '1',
    skip_consent: 'true',
  };
  const url = authorizationUrl(server.issuer, client, carried).url;
  const got = await person.open(url);
  const posted = await person.open('/oauth/authorize', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URL(url).search.slice(1),
  });
  for (const step of [got, posted]) {
    expect([step.status, step.location]).toEqual([200, null]);
    const { fields } = formOf(step);
    expect(fields).not.toHaveProperty('decision');
    expect(fields.csrf_token).not.toBe('x');
    // The person's own choice counts, not the carried one.
    const refused = await postForm(person, DECISION, { ...fields, decision: 'deny' });
    expect(new URL(refused.location!).searchParams.get('error')).toBe('access_denied');
  }
  await expectNothingGranted();
});

test('a decision that is missing, unknown or spelt otherwise grants nothing', async () => {
  const { fields } = formOf(await asked());
  for (const decision of ['', 'Allow', 'ALLOW', 'allow ', 'true', '1', 'yes', 'allow,deny', 'constructor']) {
    const step = await postForm(person, DECISION, { ...fields, decision });
    expect([decision, step.status, step.location]).toEqual([decision, 400, null]);
  }
  await expectNothingGranted();
});

test('a decision cannot be made with GET, nor as JSON or plain text', async () => {
  const { fields } = formOf(await asked());
  const body = new URLSearchParams({ ...fields, decision: 'allow' }).toString();
  expect((await person.request(`${DECISION}?${body}`)).status).toBe(404);
  for (const type of ['application/json', 'text/plain']) {
    const step = await person.request(DECISION, { method: 'POST', headers: { 'content-type': type }, body });
    expect(step.status).toBe(400);
  }
  await expectNothingGranted();
});

test('a decision without a session leads to the login and grants nothing', async () => {
  const browser = await signIn(server.issuer);
  const { fields } = formOf(await asked({}, browser));
  browser.cookies.delete('stagedoor_session');
  // Its token was made in the session that is gone.
  expect((await postForm(browser, DECISION, { ...fields, decision: 'allow' })).status).toBe(403);
  const anonymous = formOf(await browser.open('/auth/login')).fields.csrf_token!;
  const step = await postForm(browser, DECISION, { ...fields, csrf_token: anonymous, decision: 'allow' });
  expect([step.status, step.location?.split('?')[0]]).toEqual([303, '/auth/login']);
  await expectNothingGranted();
});

test('consent to one client, or to one scope, is none to another', async () => {
  const narrow = await person.submit(await asked({ scope: 'openid read' }), { decision: 'allow' });
  expect(new URL(narrow.location!).searchParams.has('code')).toBe(true);
  const again = await person.open(authorizationUrl(server.issuer, client, { scope: 'read' }).url);
  expect(new URL(again.location ?? 'missing:').searchParams.has('code')).toBe(true);

  await asked({ scope: 'openid read write' });
  await asked({ scope: 'write' });
  const other = await registerClient(server.issuer);
  await asked({ scope: 'read' }, person, other);
  await expectNothingGranted(other);
});

test('consent given once to an app on this device is asked for again: any program can pose as it', async () => {
  for (const uri of ['http://127.0.0.1/cb', 'http://localhost/cb', 'com.example.app:/cb']) {
    const app = await registerClient(server.issuer, {
      token_endpoint_auth_method: 'none',
      redirect_uris: [uri],
    });
    const first = await person.submit(await asked({}, person, app), { decision: 'allow' });
    expect(new URL(first.location!).searchParams.has('code')).toBe(true);
    await asked({}, person, app);
    const silent = await person.request(authorizationUrl(server.issuer, app, { prompt: 'none' }).url);
    expect(new URL(silent.location!).searchParams.get('error')).toBe('consent_required');
  }
});

test('a refusal is not remembered as consent, and nothing is granted by it', async () => {
  const refused = await person.submit(await asked(), { decision: 'deny' });
  const answer = new URL(refused.location!).searchParams;
  expect([answer.get('error'), answer.has('code')]).toEqual(['access_denied', false]);
  await expectNothingGranted();
  await asked();
});

test('one decision is one code: the form sent again gives another code, never the same one', async () => {
  const { fields } = formOf(await asked());
  const codes = await Promise.all(
    [1, 2, 3].map(async () => {
      const { location } = await postForm(person, DECISION, { ...fields, decision: 'allow' });
      return new URL(location!).searchParams.get('code');
    }),
  );
  expect(new Set(codes).size).toBe(3);
  expect(codes).not.toContain(null);
});
