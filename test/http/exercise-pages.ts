import { expect } from '@jest/globals';
import { PANEL_ROUTES } from '../../src/http/panel/panel-paths.ts';
import { SWAGGER_FILES } from '../../src/http/openapi/swagger-files.ts';
import { authorizationUrl } from '../support/client.ts';
import type { DocumentedServer } from '../support/documented.ts';
import { formOf, type Person } from '../support/person.ts';
import { ADMIN } from '../support/server.ts';
import { expectAnswer, registered } from './exercise-oauth.ts';

/** Somebody who is no admin. */
export const PETER = { username: 'peter', password: 'a password long enough' };

/** Everything that people and probes open, well and badly. A second failed login to an account locks it. */
export async function exercisePages(api: DocumentedServer): Promise<void> {
  await exerciseLogin(api);
  await exerciseAuthorization(api);
  for (const path of ['/health', '/ready', '/metrics', '/assets/stagedoor.css', '/api-docs/openapi.json']) {
    await expectAnswer(200, api.ask('GET', path));
  }
  await exercisePanel(api);
  await expectAnswer(303, api.ask('GET', '/'));
  await expectAnswer(400, api.ask('GET', '/error?error=access_denied'));
  await expectAnswer(204, api.ask('GET', '/favicon.ico'));
  await expectAnswer(200, api.ask('GET', '/swagger-ui'));
  await expectAnswer(303, api.ask('GET', '/swagger-ui/'));
  for (const file of SWAGGER_FILES) await expectAnswer(200, api.ask('GET', `/swagger-ui/${file}`));
  const { headers } = await api.ask('GET', '/swagger-ui/swagger-ui.css');
  // Node's fetch adds no-cache to a question of this kind, unless it has a cache-control already.
  const known = { 'if-none-match': headers.get('etag')!, 'cache-control': 'max-age=0' };
  await expectAnswer(304, api.ask('GET', '/swagger-ui/swagger-ui.css', { headers: known }));
  for (const file of ['index.html', 'package.json', 'swagger-ui-bundle.js.map']) {
    await expectAnswer(404, api.ask('GET', `/swagger-ui/${file}`));
  }
}

/** Sends a form, and resolves to the status of the answer. */
export async function send(person: Person, path: string, fields: Record<string, string>): Promise<number> {
  const { status } = await person.request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });
  return status;
}

async function exerciseLogin(api: DocumentedServer): Promise<void> {
  const person = api.person();
  const { status } = await person.request('/account');
  expect(status).toBe(303);
  await expectAnswer(400, api.ask('GET', '/auth/login?return_to=/a&return_to=/b'));
  for (const path of ['/auth/login', '/auth/logout']) {
    await expectAnswer(400, api.ask('POST', path, { body: '{}' }));
    expect(await send(person, path, { ...ADMIN, csrf_token: 'forged' })).toBe(403);
  }
  const { fields } = formOf(await person.request('/auth/login'));
  const nobody = { ...fields, username: 'nobody', password: 'a guess' };
  expect([await send(person, '/auth/login', nobody), await send(person, '/auth/login', nobody)]).toContain(
    401,
  );
  expect(await send(person, '/auth/login', nobody)).toBe(429);
  expect(await send(person, '/auth/login', { ...fields, ...ADMIN })).toBe(303);
  expect((await person.request('/account')).status).toBe(200);
  const asked = await person.request('/auth/logout');
  expect(await send(person, '/auth/logout', formOf(asked).fields)).toBe(200);
  expect((await person.request('/auth/logout')).status).toBe(200);
}

/** By an admin, by somebody else, and by nobody. */
async function exercisePanel(api: DocumentedServer): Promise<void> {
  const [admin, peter] = [api.person(), api.person()];
  await admin.logIn(await admin.open('/auth/login'));
  await peter.logIn(await peter.open('/auth/login'), PETER);
  for (const route of PANEL_ROUTES) {
    const path = route.replace(/:\w+/, 'new');
    expect((await admin.request(path)).status).toBe(200);
    expect((await peter.request(path)).status).toBe(403);
    await expectAnswer(303, api.ask('GET', path));
    if (path !== route) expect((await admin.request(route.replace(/:\w+/, 'a.b'))).status).toBe(404);
  }
  const { text } = await admin.request('/admin');
  for (const [, file] of text.matchAll(/(?:href|src)="(\/assets\/panel\/[^"]+)"/g)) {
    await expectAnswer(200, api.ask('GET', file!));
  }
  await expectAnswer(404, api.ask('GET', '/assets/panel/none/main.js'));
}

async function exerciseAuthorization(api: DocumentedServer): Promise<void> {
  const client = await registered(api);
  const { url } = authorizationUrl(api.base, client);
  const query = Object.fromEntries(new URL(url).searchParams);
  await expectAnswer(405, api.ask('HEAD', url));
  await expectAnswer(400, api.ask('GET', '/oauth/authorize'));
  await expectAnswer(303, api.ask('POST', '/oauth/authorize', { form: query }));
  await expectAnswer(400, api.ask('POST', '/oauth/authorize', { body: '{}' }));
  const person = api.person();
  const consent = await person.logIn(await person.open(url));
  expect(consent.status).toBe(200);
  const { action, fields } = formOf(consent);
  expect(await send(person, action, { ...fields, csrf_token: 'forged', decision: 'allow' })).toBe(403);
  expect(await send(person, action, fields)).toBe(400);
  expect(await send(person, action, { ...fields, decision: 'deny' })).toBe(303);
  expect(await send(person, action, { ...fields, decision: 'allow' })).toBe(303);
  expect((await person.request(url)).status).toBe(303);
}
