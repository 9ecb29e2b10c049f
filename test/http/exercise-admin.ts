import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type { TestClient } from '../support/client.ts';
import type { Asking, DocumentedServer, Exchange } from '../support/documented.ts';
import { expectAnswer, registered, tokensOf } from './exercise-oauth.ts';

const NOBODY = randomUUID();
const ANY = { 'if-match': '*' };
const STALE = { 'if-match': '"999999"' };

/** Whoever calls the admin API with an access token. */
export class AdminCaller {
  readonly api: DocumentedServer;
  readonly #token: string;

  constructor(api: DocumentedServer, token: string) {
    this.api = api;
    this.#token = token;
  }

  /** Asks for an address below the admin API and expects a status; resolves to the body. */
  expect(status: number, method: string, path: string, asking: Asking = {}): Promise<any> {
    return expectAnswer(status, this.ask(method, path, asking));
  }

  ask(method: string, path: string, asking: Asking = {}): Promise<Exchange> {
    const headers = { authorization: `Bearer ${this.#token}`, ...asking.headers };
    return this.api.ask(method, `/admin/api${path}`, { ...asking, headers });
  }
}

/** What every operation refuses by its definition alone. */
export async function exerciseRefusals(admin: AdminCaller, stranger: AdminCaller): Promise<void> {
  const { api } = admin;
  for (const operation of api.operations().filter(({ path }) => path.startsWith('/admin/api/'))) {
    const { path, described } = operation;
    const method = operation.method.toUpperCase();
    const below = api.exampleOf(operation).slice('/admin/api'.length);
    await expectAnswer(401, api.ask(method, `/admin/api${below}`));
    await stranger.expect(403, method, below);
    const at = (name: string) =>
      described.parameters?.some((parameter: any) => parameter.in === name) === true;
    if (at('path')) {
      const nonsense = path.slice('/admin/api'.length).replaceAll(/\{\w+\}/g, 'nonsense!');
      await admin.expect(404, method, nonsense);
    }
    if (at('query')) await admin.expect(400, method, `${below}?limit=1&limit=2`);
    if (described.responses['428']) await admin.expect(428, method, below, { body: '{}' });
    if (described.requestBody) {
      await admin.expect(400, method, below, { headers: ANY, body: '{' });
      await admin.expect(422, method, below, { headers: ANY, json: 'no object' });
    }
  }
}

export async function exerciseClients(admin: AdminCaller): Promise<void> {
  const created = await admin.expect(201, 'POST', '/clients', {
    json: { client_name: 'Made by hand', redirect_uris: ['https://app.example/callback'] },
  });
  const path = `/clients/${created.client.client_id}`;
  await admin.expect(200, 'GET', '/clients?search=hand&limit=1');
  const list = await admin.expect(200, 'GET', '/clients?limit=1');
  await admin.expect(200, 'GET', `/clients?limit=1&cursor=${list.next_cursor}`);
  const { headers } = await admin.ask('GET', path);
  const json = { client_name: 'Changed', client_uri: 'https://app.example', first_party: true };
  await admin.expect(200, 'PATCH', path, { headers: { 'if-match': headers.get('etag')! }, json });
  await admin.expect(412, 'PATCH', path, { headers: STALE, json });
  await admin.expect(422, 'PATCH', path, { headers: ANY, json: { redirect_uris: [] } });
  for (const action of ['disable', 'enable']) await admin.expect(200, 'POST', `${path}/${action}`);
  await exerciseSecrets(admin, path);
  await admin.expect(204, 'POST', `${path}/revoke`);
  await admin.expect(412, 'DELETE', path, { headers: STALE });
  await admin.expect(204, 'DELETE', path);
  await admin.expect(404, 'GET', path);
}

async function exerciseSecrets(admin: AdminCaller, client: string): Promise<void> {
  const json = { others_expire_at: new Date(Date.now() + 60_000).toISOString() };
  const { secret } = await admin.expect(201, 'POST', `${client}/secrets`, { json });
  await admin.expect(200, 'GET', `${client}/secrets`);
  await admin.expect(200, 'POST', `${client}/secrets/${secret.secret_id}/expire`, { json: {} });
  const app = await registered(admin.api, {
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
  });
  await admin.expect(409, 'POST', `/clients/${app.client_id}/secrets`, { json: {} });
}

export async function exerciseUsers(admin: AdminCaller): Promise<void> {
  const json = { username: 'hamlet', name: 'Hamlet', email: 'hamlet@elsinore.example' };
  const { user, password } = await admin.expect(201, 'POST', '/users', { json });
  await admin.expect(409, 'POST', '/users', { json });
  const path = `/users/${user.user_id}`;
  const { items } = await admin.expect(200, 'GET', '/users?search=admin');
  const first = `/users/${items[0].user_id}`;
  await admin.expect(409, 'POST', `${first}/disable`);
  await admin.expect(409, 'PATCH', first, { headers: ANY, json: { roles: [] } });
  await admin.expect(200, 'GET', path);
  await admin.expect(412, 'PATCH', path, { headers: STALE, json: { name: null } });
  await admin.expect(200, 'PATCH', path, { headers: ANY, json: { name: null, email_verified: true } });
  await exerciseSessions(admin, path, { username: 'hamlet', password });
  for (const action of ['disable', 'enable', 'unlock']) {
    await admin.expect(200, 'POST', `${path}/${action}`);
  }
  await admin.expect(200, 'POST', `${path}/reset-password`, { json: {} });
  await admin.expect(200, 'POST', `${path}/reset-password`, { json: { password: 'to be or not to be' } });
  await admin.expect(204, 'POST', `${path}/revoke`);
}

async function exerciseSessions(
  admin: AdminCaller,
  user: string,
  account: { username: string; password: string },
): Promise<void> {
  for (const _ of [1, 2]) {
    const person = admin.api.person();
    expect((await person.logIn(await person.open('/auth/login'), account)).status).toBe(200);
  }
  const { items } = await admin.expect(200, 'GET', `${user}/sessions`);
  expect(items).toHaveLength(2);
  await admin.expect(204, 'DELETE', `${user}/sessions/${items[0].session_id}`);
  await admin.expect(204, 'DELETE', `${user}/sessions`);
}

export async function exerciseTokens(admin: AdminCaller, client: TestClient): Promise<void> {
  await tokensOf(admin.api, client);
  const owner = `client_id=${client.client_id}`;
  const tokens = await admin.expect(200, 'GET', `/tokens?${owner}`);
  const grants = await admin.expect(200, 'GET', `/grants?${owner}`);
  expect([tokens.items[0].grant_id, grants.items.length]).toEqual([grants.items[0].grant_id, 1]);
  await admin.expect(200, 'GET', `/tokens?grant_id=${grants.items[0].grant_id}`);
  await admin.expect(400, 'GET', '/tokens');
  await admin.expect(200, 'GET', '/grants');
  await admin.expect(204, 'POST', `/tokens/${tokens.items[0].token_id}/revoke`);
  await admin.expect(204, 'POST', `/grants/${grants.items[0].grant_id}/revoke`);
  for (const kind of ['tokens', 'grants']) await admin.expect(404, 'POST', `/${kind}/${NOBODY}/revoke`);
}

export async function exerciseWatching(admin: AdminCaller): Promise<void> {
  const events = await admin.expect(200, 'GET', '/audit-events?limit=200');
  expect(new Set(events.items.map(({ type }: any) => type)).size).toBeGreaterThan(8);
  await admin.expect(200, 'GET', '/audit-events/export?from=2026-01-01T00:00:00Z');
  await admin.expect(200, 'GET', '/keys');
  expect((await admin.expect(200, 'POST', '/keys/rotate')).made).toHaveLength(2);
  expect((await admin.expect(200, 'POST', '/keys/rotate')).made).toEqual([]);
  const { items } = await admin.expect(200, 'GET', '/keys');
  const next = items.find(({ state }: any) => state === 'next');
  await admin.expect(422, 'POST', `/keys/${next.kid}/revoke`, { json: {} });
  await admin.expect(200, 'POST', `/keys/${next.kid}/revoke`, { json: { invalidate_tokens: true } });
  await admin.expect(404, 'POST', `/keys/${next.kid}/revoke`, { json: { invalidate_tokens: true } });
  await admin.expect(200, 'GET', '/overview');
}
