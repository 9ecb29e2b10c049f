import type { TestClient } from '../support/client.ts';
import type { Person } from '../support/person.ts';
import type { TestServer } from '../support/server.ts';
import type { Requests } from './load.ts';

/** A form post with the client's credentials, as `fetch` answers it. */
export function postForm(
  { issuer }: Pick<TestServer, 'issuer'>,
  path: string,
  fields: Readonly<Record<string, string>>,
  client?: TestClient,
): Promise<Response> {
  const credentials = client && { client_id: client.client_id, client_secret: client.client_secret! };
  return fetch(issuer + path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ ...credentials, ...fields }).toString(),
    redirect: 'manual',
  });
}

/** A page as the person's browser asks for it. */
export function openPage(person: Person, url: string): Promise<Response> {
  const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return fetch(url, { headers: { cookie, accept: 'text/html' }, redirect: 'manual' });
}

/** What keeps a server busy: tokens and questions about them, and a signed-in person who gets codes. */
export function dailyTraffic(
  server: TestServer,
  client: TestClient,
  token: string,
  person: Person,
  authorizationUrl: string,
): Requests {
  return {
    token: () => postForm(server, '/oauth/token', { grant_type: 'client_credentials' }, client),
    introspect: () => postForm(server, '/oauth/introspect', { token }, client),
    authorize: () => openPage(person, authorizationUrl),
  };
}
