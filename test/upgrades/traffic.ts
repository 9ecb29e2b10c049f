import { Load, type Answer, type Requests } from '../chaos/load.ts';
import { authorizationUrl, obtainTokens, registerClient, type TestClient } from '../support/client.ts';
import { Person } from '../support/person.ts';
import type { TestServer } from '../support/server.ts';

/** What reaches whichever of the servers is ready, as behind a load balancer: none of it may fail while they are upgraded. */
export class Traffic {
  /** Where requests go, in turn. */
  readonly #servers: TestServer[];
  readonly #client: TestClient;
  readonly #cookie: string;
  readonly #load: Load;
  #turn = 0;

  /** Begins: the first server is where everybody is registered and signed in. */
  static async begin(server: TestServer): Promise<Traffic> {
    const client = await registerClient(server.issuer, {
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    });
    const person = new Person(server.issuer);
    const { url } = authorizationUrl(server.issuer, client);
    await person.authorize(url);
    const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const tokens = await Promise.all([1, 2].map(() => obtainTokens(server.issuer, client)));
    return new Traffic(server, client, cookie, tokens as { access_token: string; refresh_token: string }[]);
  }

  private constructor(
    server: TestServer,
    client: TestClient,
    cookie: string,
    tokens: readonly { access_token: string; refresh_token: string }[],
  ) {
    this.#servers = [server];
    this.#client = client;
    this.#cookie = cookie;
    this.#load = new Load(this.#requests(tokens), 1);
  }

  /** From now on this server gets its share. */
  add(server: TestServer): void {
    this.#servers.push(server);
  }

  /** From now on this server gets nothing, and those that it has are answered. */
  async remove(server: TestServer): Promise<void> {
    this.#servers.splice(this.#servers.indexOf(server), 1);
    await this.untilEach();
  }

  /** Resolves once every kind of request was answered well by every server. */
  async untilEach(): Promise<void> {
    for (let round = 0; round <= this.#servers.length; round += 1) {
      await this.#load.untilEach(({ status }) => status === 200);
    }
  }

  /** Ends it; resolves to how many were answered, and what was answered otherwise than well. */
  async end(): Promise<{ served: number; failed: readonly Answer[] }> {
    const answers = await this.#load.stop();
    return { served: answers.length, failed: answers.filter(({ status }) => status !== 200) };
  }

  #requests(tokens: readonly { access_token: string; refresh_token: string }[]): Requests {
    const [kept, rotated] = tokens;
    let refreshToken = rotated!.refresh_token;
    return {
      issue: () => this.#post('/oauth/token', { grant_type: 'client_credentials' }),
      introspect: () => this.#introspect(kept!.access_token),
      refresh: async () => {
        const fields = { grant_type: 'refresh_token', refresh_token: refreshToken };
        const response = await this.#post('/oauth/token', fields);
        const body = (await response.clone().json()) as { refresh_token?: string };
        refreshToken = body.refresh_token ?? refreshToken;
        return response;
      },
      code: () => this.#codeFlow(),
    };
  }

  async #introspect(token: string): Promise<Response> {
    const response = await this.#post('/oauth/introspect', { token });
    const { active } = (await response.clone().json()) as { active?: boolean };
    return active === true ? response : new Response('the token is not active', { status: 599 });
  }

  async #codeFlow(): Promise<Response> {
    const { url, verifier } = authorizationUrl(this.#base(), this.#client);
    const answer = await fetch(url, { headers: { cookie: this.#cookie }, redirect: 'manual' });
    const code = new URL(answer.headers.get('location') ?? 'none:', url).searchParams.get('code');
    if (code === null) return new Response(`no code: ${await answer.text()}`, { status: 599 });
    return this.#post('/oauth/token', {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: this.#client.redirect_uris[0]!,
    });
  }

  #post(path: string, fields: Readonly<Record<string, string>>): Promise<Response> {
    const { client_id, client_secret = '' } = this.#client;
    return fetch(this.#base() + path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ client_id, client_secret, ...fields }).toString(),
    });
  }

  #base(): string {
    this.#turn += 1;
    return `http://127.0.0.1:${this.#servers[this.#turn % this.#servers.length]!.port}`;
  }
}
