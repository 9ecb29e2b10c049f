import { Person, pkcePair } from './person.ts';

export interface TestClient {
  readonly client_id: string;
  readonly client_secret?: string;
  readonly redirect_uris: readonly string[];
  readonly scope: string;
}

export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

export const REDIRECT_URI = 'https://app.example/callback';

/** Registers a client over the network; by default a confidential one for the code and refresh grants. */
export async function registerClient(
  issuer: string,
  metadata: Record<string, unknown> = {},
): Promise<TestClient> {
  const response = await fetch(`${issuer}/clients/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Test client',
      redirect_uris: [REDIRECT_URI],
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'openid profile email read write',
      ...metadata,
    }),
  });
  const body = (await response.json()) as TestClient;
  if (response.status !== 201)
    throw new Error(`registration answered ${response.status}: ${JSON.stringify(body)}`);
  return body;
}

/** Sends a form to an endpoint, the client's credentials in its body. */
export async function post(
  url: string,
  client: Pick<TestClient, 'client_id' | 'client_secret'> | null,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<TokenAnswer> {
  const credentials: Record<string, string> = client
    ? {
        client_id: client.client_id,
        ...(client.client_secret !== undefined && { client_secret: client.client_secret }),
      }
    : {};
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams({ ...credentials, ...fields }).toString(),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
}

/** An authorization URL with a fresh PKCE pair. */
export function authorizationUrl(
  issuer: string,
  client: TestClient,
  fields: Record<string, string> = {},
): { url: string; verifier: string } {
  const { verifier, challenge } = pkcePair();
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: client.redirect_uris[0]!,
    scope: client.scope,
    state: 'a-state',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...fields,
  });
  return { url: `${issuer}/oauth/authorize?${query.toString()}`, verifier };
}

/** A code for the client, from a person who signs in and allows, and the verifier that goes with it. */
export async function obtainCode(
  issuer: string,
  client: TestClient,
  fields: Record<string, string> = {},
  person: Person = new Person(issuer),
): Promise<{ code: string; verifier: string }> {
  const { url, verifier } = authorizationUrl(issuer, client, fields);
  const answer = await person.authorize(url);
  const code = answer.get('code');
  if (code === null) throw new Error(`no code but ${answer.toString()}`);
  return { code, verifier };
}

/** Redeems a code. */
export function redeem(
  issuer: string,
  client: TestClient,
  { code, verifier }: { code: string; verifier: string },
  fields: Record<string, string> = {},
): Promise<TokenAnswer> {
  return post(`${issuer}/oauth/token`, client, {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: client.redirect_uris[0]!,
    ...fields,
  });
}

/** The whole code flow; resolves to the token response's body. */
export async function obtainTokens(
  issuer: string,
  client: TestClient,
  fields: Record<string, string> = {},
): Promise<any> {
  const answer = await redeem(issuer, client, await obtainCode(issuer, client, fields));
  if (answer.status !== 200)
    throw new Error(`the token endpoint answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Introspects with the client's own credentials. */
export async function introspect(issuer: string, client: TestClient, token: string): Promise<any> {
  return (await post(`${issuer}/oauth/introspect`, client, { token })).body;
}

/** Refreshes with the client's own credentials. */
export function refresh(issuer: string, client: TestClient, refreshToken: string): Promise<TokenAnswer> {
  return post(`${issuer}/oauth/token`, client, { grant_type: 'refresh_token', refresh_token: refreshToken });
}
