import { Person } from './person.ts';
import { ADMIN, runCli, type TestServer } from './server.ts';

/** An answer of the admin API. */
export interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

/** Somebody who calls the admin API. */
export interface AdminCaller {
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<AdminAnswer>;
}

/** A caller that sends these headers with each request. */
export function adminCaller(issuer: string, fixed: Readonly<Record<string, string>>): AdminCaller {
  return {
    call: async (method, path, body, headers = {}) => {
      const response = await fetch(`${issuer}/admin/api${path}`, {
        method,
        headers: {
          ...fixed,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = /[/+]json$/.test(response.headers.get('content-type') ?? '');
      return {
        status: response.status,
        headers: response.headers,
        body: isJson ? JSON.parse(text) : text,
      };
    },
  };
}

/** A machine with an access token of the given scope, from a client that an operator registered. */
export async function adminByToken(server: TestServer, scope = 'admin'): Promise<AdminCaller> {
  const added = await runCli(['clients', 'add', 'Automation', '--scope', scope], server.env);
  const [, clientId, clientSecret] =
    /client_id: (\S+)\nclient_secret: (\S+)/.exec(added.stdout) ?? fail(added.stderr);
  const response = await fetch(`${server.issuer}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId!,
      client_secret: clientSecret!,
    }),
  });
  const { access_token: token } = (await response.json()) as { access_token: string };
  return adminCaller(server.issuer, { authorization: `Bearer ${token}` });
}

/** A person who is signed in, with the token that pages of ours give their scripts. */
export async function signedInCaller(
  server: TestServer,
  credentials: { username: string; password: string } = ADMIN,
): Promise<{ person: Person; cookie: string; csrfToken: string }> {
  const person = new Person(server.issuer);
  await person.logIn(await person.open('/auth/login'), credentials);
  const account = await person.open('/account');
  const csrfToken = /name="csrf_token" value="([^"]+)"/.exec(account.text)?.[1] ?? fail('no csrf token');
  const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return { person, cookie, csrfToken };
}

/** An admin in a browser. */
export async function adminBySession(server: TestServer): Promise<AdminCaller> {
  const { cookie, csrfToken } = await signedInCaller(server);
  return adminCaller(server.issuer, { cookie, 'x-csrf-token': csrfToken });
}

function fail(message: string): never {
  throw new Error(message);
}
