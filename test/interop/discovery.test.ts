import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { REDIRECT_URI, authorizationUrl, introspect, obtainCode, post } from '../support/client.ts';
import { Person, type Step } from '../support/person.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';
import { ADA, Inspection, asksForConsent, asksForPassword, registrationStatus } from './inspection.ts';

let server: TestServer;
let inspection: Inspection;

beforeAll(async () => {
  server = await startServer();
  inspection = await Inspection.begin(server);
});

afterAll(async () => {
  await server.stop();
});

/** What makes each field of the metadata true: given what the field promises, it must be so. */
const truths: Readonly<Record<string, (promised: any) => Promise<void>>> = {
  issuer: async (issuer) => {
    expect(issuer).toBe(server.issuer);
    const { access_token, id_token } = await inspection.tokens(await inspection.client());
    expect([decodeJwt(access_token).iss, decodeJwt(id_token).iss]).toEqual([issuer, issuer]);
  },

  authorization_endpoint: async (endpoint: string) => {
    const { search } = new URL(authorizationUrl(server.issuer, await inspection.client()).url);
    expect(asksForConsent(await inspection.ada.open(`${endpoint}${search}`))).toBe(true);
    const asForm = { method: 'POST', body: new URLSearchParams(search) };
    expect(asksForConsent(await inspection.ada.open(endpoint, asForm))).toBe(true);
  },

  token_endpoint: async (endpoint) => {
    const answer = await post(endpoint, await inspection.service(), { grant_type: 'client_credentials' });
    expect(answer).toMatchObject({ status: 200, body: { access_token: expect.any(String) } });
  },

  userinfo_endpoint: async (endpoint) => {
    const { access_token, id_token } = await inspection.tokens(await inspection.client());
    for (const method of ['GET', 'POST']) {
      const headers = { authorization: `Bearer ${access_token}` };
      const response = await fetch(endpoint, { method, headers });
      expect(await response.json()).toMatchObject({ sub: decodeJwt(id_token).sub });
    }
  },

  jwks_uri: async (uri) => {
    const { keys } = (await (await fetch(uri)).json()) as { keys: Record<string, unknown>[] };
    expect(keys.map(({ alg }) => alg)).toEqual(expect.arrayContaining(['ES256', 'RS256']));
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length);
    const publicMembers = /^(kty|kid|alg|use|key_ops|crv|x|y|n|e)$/;
    for (const member of keys.flatMap((key) => Object.keys(key))) expect(member).toMatch(publicMembers);
  },

  registration_endpoint: async (endpoint) => {
    expect(await registrationStatus(endpoint)).toBe(201);
  },

  introspection_endpoint: async (endpoint) => {
    const client = await inspection.service();
    const token = await inspection.serviceToken(client);
    expect((await post(endpoint, client, { token })).body.active).toBe(true);
  },

  revocation_endpoint: async (endpoint) => {
    const client = await inspection.service();
    const token = await inspection.serviceToken(client);
    expect((await post(endpoint, client, { token })).status).toBe(200);
    expect(await introspect(server.issuer, client, token)).toEqual({ active: false });
  },

  scopes_supported: async (scopes: readonly string[]) => {
    const client = await inspection.client({ scope: scopes.join(' ') });
    expect((await inspection.tokens(client)).scope.split(' ')).toEqual(scopes);
    for (const scope of scopes) {
      const tokens = await inspection.tokens(client, { scope });
      expect(tokens).toMatchObject({ scope, refresh_token: expect.any(String) });
      expect('id_token' in tokens).toBe(scope === 'openid');
    }
  },

  response_types_supported: async (types: readonly string[]) => {
    for (const type of new Set([...types, 'token', 'id_token', 'code id_token', 'none'])) {
      const answer = await inspection.authorize({ response_type: type });
      if (types.includes(type)) expect(answer.has('code')).toBe(true);
      else expect(answer.get('error')).toBe('unsupported_response_type');
    }
  },

  response_modes_supported: async (modes: readonly string[]) => {
    for (const mode of new Set([...modes, 'fragment', 'form_post', 'query.jwt'])) {
      const answer = await inspection.authorize({ response_mode: mode });
      if (modes.includes(mode)) expect(answer.has('code')).toBe(true);
      else expect(answer.get('error')).toBe('invalid_request');
    }
  },

  grant_types_supported: async (types: readonly string[]) => {
    const client = await inspection.client({ grant_types: types });
    const endpoint = `${server.issuer}/oauth/token`;
    const { refresh_token } = await inspection.tokens(client);
    const { code, verifier } = await obtainCode(server.issuer, client, {}, inspection.ada);
    const requests: Record<string, Record<string, string>> = {
      authorization_code: { code, code_verifier: verifier, redirect_uri: REDIRECT_URI },
      refresh_token: { refresh_token },
      client_credentials: {},
      password: ADA,
      'urn:ietf:params:oauth:grant-type:device_code': { device_code: 'a-code' },
    };
    for (const type of types) expect(Object.keys(requests)).toContain(type);
    for (const [type, fields] of Object.entries(requests)) {
      const { status, body } = await post(endpoint, client, { grant_type: type, ...fields });
      if (types.includes(type)) expect([type, status]).toEqual([type, 200]);
      else expect([type, body.error]).toEqual([type, 'unsupported_grant_type']);
    }
  },

  subject_types_supported: async (types) => {
    expect(types).toEqual(['public']);
    const [one, other] = [await inspection.client(), await inspection.client()];
    const subjects = [await inspection.tokens(one), await inspection.tokens(other)].map(
      ({ id_token }) => decodeJwt(id_token).sub,
    );
    expect(subjects[0]).toBe(subjects[1]);
  },

  id_token_signing_alg_values_supported: async (algorithms: readonly string[]) => {
    const keys = createRemoteJWKSet(new URL(`${server.issuer}/.well-known/jwks.json`));
    expect(algorithms).toContain('RS256');
    for (const alg of algorithms) {
      const client = await inspection.client({ id_token_signed_response_alg: alg });
      const { id_token } = await inspection.tokens(client);
      const expected = { issuer: server.issuer, audience: client.client_id, algorithms: [alg] };
      await jwtVerify(id_token, keys, expected);
    }
    for (const alg of ['none', 'HS256', 'PS256', 'ES384', 'EdDSA']) {
      const status = await inspection.registrationStatus({ id_token_signed_response_alg: alg });
      expect([alg, status]).toEqual([alg, algorithms.includes(alg) ? 201 : 400]);
    }
  },

  token_endpoint_auth_methods_supported: async (methods: readonly string[]) => {
    for (const method of methods) {
      const { client, token } = await inspection.clientWithToken(method);
      expect([method, token]).toEqual([method, expect.any(String)]);
      expect(client.client_secret === undefined).toBe(method === 'none');
    }
    for (const method of ['client_secret_jwt', 'private_key_jwt', 'tls_client_auth']) {
      const status = await inspection.registrationStatus({ token_endpoint_auth_method: method });
      expect([method, status]).toEqual([method, methods.includes(method) ? 201 : 400]);
    }
  },

  introspection_endpoint_auth_methods_supported: async (methods: readonly string[]) => {
    for (const method of new Set([...methods, 'none'])) {
      const { client, token } = await inspection.clientWithToken(method);
      const answer = await inspection.send('/oauth/introspect', client, method, { token });
      expect([method, answer.status]).toEqual([method, methods.includes(method) ? 200 : 401]);
    }
  },

  revocation_endpoint_auth_methods_supported: async (methods: readonly string[]) => {
    const observer = await inspection.service();
    for (const method of methods) {
      const { client, token } = await inspection.clientWithToken(method);
      await inspection.send('/oauth/revoke', client, method, { token });
      expect([method, await introspect(server.issuer, observer, token)]).toEqual([method, { active: false }]);
    }
  },

  code_challenge_methods_supported: async (methods) => {
    expect(methods).toEqual(['S256']);
    // That the right verifier is needed, the attacks show.
    expect((await inspection.authorize({ code_challenge_method: 'S256' })).has('code')).toBe(true);
    const plain = await inspection.authorize({ code_challenge_method: 'plain' });
    expect(plain.get('error')).toBe('invalid_request');
  },

  authorization_response_iss_parameter_supported: async (supported) => {
    expect(supported).toBe(true);
    const answers = [await inspection.authorize({}), await inspection.authorize({ response_type: 'token' })];
    expect(answers.map((answer) => answer.has('code'))).toEqual([true, false]);
    for (const answer of answers) expect(answer.get('iss')).toBe(server.issuer);
  },

  claims_supported: async (claims: readonly string[]) => {
    const { access_token, id_token } = await inspection.tokens(await inspection.client(), { nonce: 'n' });
    const userinfo = await inspection.userinfo(access_token);
    const given = new Set([...Object.keys(decodeJwt(id_token)), ...Object.keys(userinfo)]);
    expect([...claims].sort()).toEqual([...given].sort());
  },

  prompt_values_supported: async (values: readonly string[]) => {
    const client = await inspection.client();
    const ask = (prompt: string, person = inspection.ada) =>
      person.open(authorizationUrl(server.issuer, client, { prompt }).url);
    const errorOf = ({ location }: Step) => new URL(location!).searchParams.get('error');
    const behaviours: Record<string, () => Promise<void>> = {
      none: async () => {
        expect(errorOf(await ask('none', new Person(server.issuer)))).toBe('login_required');
        expect(errorOf(await ask('none'))).toBe('consent_required');
        await inspection.tokens(client);
        expect((await ask('none')).location).toContain('code=');
      },
      consent: async () => {
        expect(asksForConsent(await ask('consent'))).toBe(true);
      },
      login: async () => {
        const page = await ask('login');
        expect(asksForPassword(page)).toBe(true);
        expect((await inspection.ada.logIn(page, ADA)).location).toContain('code=');
      },
      select_account: async () => {
        const page = await ask('select_account');
        expect(asksForPassword(page)).toBe(true);
        const other = await inspection.ada.logIn(page, ADMIN);
        expect(other.text).toContain(ADMIN.username);
        await inspection.ada.logIn(await ask('login'), ADA);
      },
    };
    // In this order: the consent that the first one gives, the others need.
    expect([...values].sort()).toEqual(Object.keys(behaviours).sort());
    for (const behaviour of Object.values(behaviours)) await behaviour();
  },

  request_parameter_supported: async (supported) => {
    expect(supported).toBe(false);
    expect((await inspection.authorize({ request: 'e30.e30.' })).get('error')).toBe('request_not_supported');
  },

  request_uri_parameter_supported: async (supported) => {
    expect(supported).toBe(false);
    const answer = await inspection.authorize({ request_uri: 'urn:example:request' });
    expect(answer.get('error')).toBe('request_uri_not_supported');
  },

  claims_parameter_supported: async (supported) => {
    expect(supported).toBe(false);
    const asked = { claims: '{"id_token":{"email":null}}' };
    const { id_token } = await inspection.tokens(await inspection.client(), asked);
    expect(decodeJwt(id_token)).not.toHaveProperty('email');
  },
};

test('both discovery documents are the same, and each of their fields is checked here', async () => {
  const documents = await Promise.all([
    metadata('/.well-known/openid-configuration'),
    metadata('/.well-known/oauth-authorization-server'),
  ]);
  expect(documents[1]).toEqual(documents[0]);
  expect(Object.keys(documents[0]).sort()).toEqual(Object.keys(truths).sort());
});

test.each(Object.keys(truths))('what the metadata says in %s is true', async (field) => {
  await truths[field]!((await metadata('/.well-known/openid-configuration'))[field]);
});

test('a server without registration names no endpoint for it', async () => {
  const closed = await startServer({ env: { OAUTH2_CLIENT_REGISTRATION: 'disabled' } });
  const document = await (await fetch(`${closed.issuer}/.well-known/openid-configuration`)).json();
  expect(document).not.toHaveProperty('registration_endpoint');
  expect(document).toHaveProperty('token_endpoint');
  expect(await registrationStatus(`${closed.issuer}/clients/register`)).toBe(403);
  await closed.stop();
});

async function metadata(path: string): Promise<Record<string, unknown>> {
  return (await (await fetch(server.issuer + path)).json()) as Record<string, unknown>;
}
