import { expect } from '@jest/globals';
import {
  REDIRECT_URI,
  authorizationUrl,
  obtainCode,
  post,
  redeem,
  registerClient,
  type TestClient,
  type TokenAnswer,
} from '../support/client.ts';
import { Person, type Step } from '../support/person.ts';
import { runCli, type TestServer } from '../support/server.ts';

export const ADA = { username: 'ada', password: 'an engine of analysis' };

/** A server that is being looked at, and Ada, who is signed in to it and allows whatever she is asked. */
export class Inspection {
  readonly issuer: string;
  readonly ada: Person;

  private constructor(issuer: string) {
    this.issuer = issuer;
    this.ada = new Person(issuer);
  }

  /** Gives Ada an account with a name and an e-mail address. */
  static async begin({ issuer, env }: TestServer): Promise<Inspection> {
    const profile = ['--name', 'Ada Lovelace', '--email', 'ada@example.com'];
    await runCli(['users', 'add', ADA.username, ...profile, '--password-stdin'], env, ADA.password);
    const inspection = new Inspection(issuer);
    await inspection.ada.logIn(await inspection.ada.open('/auth/login'), ADA);
    return inspection;
  }

  /** A confidential client for the code and refresh grants. */
  client(metadata: Record<string, unknown> = {}): Promise<TestClient> {
    return registerClient(this.issuer, metadata);
  }

  /** A confidential client that gets tokens for itself. */
  service(): Promise<TestClient> {
    return this.client({ redirect_uris: [], grant_types: ['client_credentials'] });
  }

  async serviceToken(client: TestClient): Promise<string> {
    const fields = { grant_type: 'client_credentials' };
    return (await post(`${this.issuer}/oauth/token`, client, fields)).body.access_token;
  }

  /** What the redirect of an authorization request tells a new client. */
  async authorize(fields: Record<string, string>): Promise<URLSearchParams> {
    return this.ada.authorize(authorizationUrl(this.issuer, await this.client(), fields).url);
  }

  /** The token response of the code flow. */
  async tokens(client: TestClient, fields: Record<string, string> = {}): Promise<any> {
    const code = await obtainCode(this.issuer, client, fields, this.ada);
    const answer = await redeem(this.issuer, client, code);
    expect(answer.status).toBe(200);
    return answer.body;
  }

  async userinfo(accessToken: string): Promise<object> {
    const headers = { authorization: `Bearer ${accessToken}` };
    return (await (await fetch(`${this.issuer}/oauth/userinfo`, { headers })).json()) as object;
  }

  /** A client of this authentication method, and an access token that it got by it. */
  async clientWithToken(method: string): Promise<{ client: TestClient; token: string }> {
    const client = await this.client({ token_endpoint_auth_method: method });
    const { code, verifier } = await obtainCode(this.issuer, client, {}, this.ada);
    const { body } = await this.send('/oauth/token', client, method, {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: REDIRECT_URI,
    });
    return { client, token: body.access_token };
  }

  /** Sends a form, the client authenticated by this method and no other. */
  send(
    path: string,
    client: TestClient,
    method: string,
    fields: Record<string, string>,
  ): Promise<TokenAnswer> {
    const url = this.issuer + path;
    if (method !== 'client_secret_basic') return post(url, client, fields);
    const credentials = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64');
    return post(url, null, fields, { authorization: `Basic ${credentials}` });
  }

  /** The status that a registration of this metadata is answered with. */
  registrationStatus(metadata: Record<string, unknown>): Promise<number> {
    return registrationStatus(`${this.issuer}/clients/register`, metadata);
  }
}

/** The status that a registration at this address is answered with. */
export async function registrationStatus(
  endpoint: string,
  metadata: Record<string, unknown> = {},
): Promise<number> {
  const body = JSON.stringify({ redirect_uris: [REDIRECT_URI], ...metadata });
  const headers = { 'content-type': 'application/json' };
  return (await fetch(endpoint, { method: 'POST', headers, body })).status;
}

export function asksForConsent({ status, text }: Step): boolean {
  return status === 200 && text.includes('name="decision"');
}

export function asksForPassword({ status, text }: Step): boolean {
  return status === 200 && text.includes('name="password"');
}
