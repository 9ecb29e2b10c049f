import { expect } from '@jest/globals';
import { authorizationUrl } from '../support/client.ts';
import { formOf, type Person } from '../support/person.ts';
import type { AdminCaller } from './exercise-admin.ts';
import { expectAnswer, registered } from './exercise-oauth.ts';
import { send } from './exercise-pages.ts';

const PASSWORD = 'alas, poor Yorick';
const NEW_PASSWORD = 'the rest is silence';

/** What each form of the account needs besides its token to be answered by a redirect. */
const FORMS = {
  '/account/apps/disconnect': { client_id: 'unknown' },
  '/account/sessions/end': { session_id: 'unknown' },
  '/account/sessions/end-others': {},
  '/account/sessions/end-all': {},
};

/** A new person looks after the account, well and badly. A second wrong password locks it. */
export async function exerciseAccount(admin: AdminCaller): Promise<void> {
  const { api } = admin;
  const account = { username: 'yorick', password: PASSWORD };
  await admin.expect(201, 'POST', '/users', { json: account });
  const stranger = api.person();
  for (const path of [
    '/account',
    '/account/password',
    '/account/apps/disconnect',
    '/account/sessions/end-all',
  ]) {
    expect((await stranger.request(path)).status).toBe(303);
  }
  const person = api.person();
  await person.logIn(await person.open('/account'), account);
  await exerciseApp(person, await registered(api));
  await exercisePassword(person);
  for (const [path, fields] of Object.entries(FORMS)) {
    await expectAnswer(400, api.ask('POST', path, { body: '{}' }));
    expect(await send(person, path, { ...fields, csrf_token: 'forged' })).toBe(403);
    const csrf_token = await tokenOf(person);
    expect([path, await send(person, path, { ...fields, csrf_token })]).toEqual([path, 303]);
  }
}

async function exerciseApp(person: Person, client: Parameters<typeof authorizationUrl>[1]): Promise<void> {
  const { origin } = new URL((await person.request('/account')).url);
  const consent = await person.open(authorizationUrl(origin, client).url);
  await person.submit(consent, { decision: 'allow' });
  const path = `/account/apps/disconnect?client_id=${client.client_id}`;
  expect((await person.request(path)).status).toBe(200);
  expect((await person.request(`${path}&client_id=other`)).status).toBe(400);
  expect((await person.request('/account?notice=a&notice=b')).status).toBe(400);
  expect((await person.request('/account/sessions/end-all')).status).toBe(200);
}

async function exercisePassword(person: Person): Promise<void> {
  const change = async (current_password: string, new_password: string) =>
    send(person, '/account/password', {
      csrf_token: await tokenOf(person),
      current_password,
      new_password,
      new_password_again: new_password,
    });
  expect(await change(PASSWORD, NEW_PASSWORD)).toBe(303);
  expect(await send(person, '/account/password', { csrf_token: 'forged' })).toBe(403);
  expect([await change('wrong', PASSWORD), await change('wrong', PASSWORD)]).toContain(400);
  expect(await change('wrong', PASSWORD)).toBe(429);
}

/** The token for a form of this person's browser as it is now. */
async function tokenOf(person: Person): Promise<string> {
  const page = await person.request('/account/sessions/end-all');
  return formOf(page).fields.csrf_token!;
}
