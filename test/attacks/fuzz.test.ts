import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  authorizationUrl,
  obtainTokens,
  registerClient,
  REDIRECT_URI,
  type TestClient,
} from '../support/client.ts';
import { formOf, Person } from '../support/person.ts';
import { SeededRandom } from '../support/random.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';
import { expectAnswered, FORM, POSTED, READ, send } from './answers.ts';
import { signIn } from './sign-in.ts';
import { stopUnharmed } from './unharmed.ts';

const SEED = 20_260_101;
const REQUESTS = 800;

let server: TestServer;
let client: TestClient;
let tokens: any;

beforeAll(async () => {
  server = await startServer();
  const grant_types = ['authorization_code', 'refresh_token', 'client_credentials'];
  client = await registerClient(server.issuer, { grant_types });
  tokens = await obtainTokens(server.issuer, client);
});
afterAll(() => stopUnharmed(server));

// prettier-ignore
const NAMES = [
  'grant_type', 'code', 'code_verifier', 'redirect_uri', 'refresh_token', 'scope', 'client_id', 'client_secret',
  'token', 'access_token', 'username', 'password', 'csrf_token', 'return_to', 'decision', 'state', 'nonce', 'prompt',
  'max_age', 'response_type', 'response_mode', 'code_challenge', 'code_challenge_method', 'request', 'resource',
  '__proto__', 'constructor', 'toString', 'x[y]', 'x[]',
];

// prettier-ignore
const VALUES = [
  'code', 'authorization_code', 'refresh_token', 'client_credentials', 'S256', 'openid', 'none', 'query', REDIRECT_URI,
  '/oauth/authorize?', '-1', '1e309', '999999999', 'null', 'true', '[]', '{}', "';--", '${7*7}', '%s%n', '\u202e',
  '\ud83d', '\r\n', '\0', '\ufeff', '',
];

/** A right request, from which random ones are made. */
interface Start {
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly cookie?: string;
}

/** Random requests that begin from right ones, so that they get past the first check. */
class Fuzzer {
  readonly #random = new SeededRandom(SEED);
  readonly #known: readonly string[];
  readonly #starts: readonly Start[];

  constructor(known: readonly string[], starts: readonly Start[]) {
    this.#known = known;
    this.#starts = starts;
  }

  request(): { path: string; init: RequestInit } {
    const random = this.#random;
    if (random.integer(4) === 0) return this.#document();
    const start = random.pick(this.#starts);
    const headers: Record<string, string> = {
      ...(start.cookie !== undefined && { cookie: start.cookie }),
      ...this.#headers(),
    };
    const form = this.#form(start.fields);
    if (random.integer(3) === 0)
      return { path: `${random.pick([start.path, ...READ])}?${form}`, init: { headers } };
    const path = random.integer(4) === 0 ? random.pick(POSTED) : start.path;
    const body = random.integer(9) === 0 ? random.bytes(random.integer(200)) : form;
    return { path, init: { method: 'POST', headers: { 'content-type': FORM, ...headers }, body } };
  }

  #value(): string {
    const random = this.#random;
    // What PostgreSQL takes in no text.
    if (random.integer(4) === 0) return `${random.pick(VALUES)}\0${random.pick(VALUES)}`;
    switch (random.integer(4)) {
      case 0:
        return random.text('abcAZ019-._~ /+=&%#?<>"\'\\', random.integer(60));
      case 1:
        return `${random.pick(VALUES)}${random.bytes(random.integer(40)).toString('latin1')}`;
      case 2:
        return random.pick(this.#known);
      default:
        return random.pick(VALUES);
    }
  }

  #form(start: Start['fields']): string {
    const fields = { ...start };
    for (let changes = this.#random.integer(4); changes > 0; changes -= 1) {
      fields[this.#random.pick(this.#random.integer(4) === 0 ? NAMES : Object.keys(start))] = this.#value();
    }
    return new URLSearchParams(fields).toString();
  }

  /** A registration. */
  #document(): { path: string; init: RequestInit } {
    const random = this.#random;
    const names = ['client_name', 'client_uri', 'redirect_uris', 'grant_types', 'scope', 'response_types'];
    const any: (() => unknown)[] = [
      () => this.#value(),
      () => [this.#value(), this.#value()],
      () => random.integer(1e9) - 5e8,
      () => ({ [this.#value()]: this.#value() }),
      () => random.pick([null, true, false, [], {}, [[]], [null]]),
    ];
    const metadata: Record<string, unknown> = { redirect_uris: [REDIRECT_URI] };
    for (let changes = random.integer(4); changes > 0; changes -= 1) {
      const name = random.pick([...names, ...names, ...NAMES]);
      metadata[name] = random.integer(2) === 0 ? this.#value() : random.pick(any)();
    }
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...this.#headers() } };
    return { path: '/clients/register', init: { ...init, body: JSON.stringify(metadata) } };
  }

  #headers(): Record<string, string> {
    const random = this.#random;
    const value = this.#value()
      .replace(/[^\t\x20-\x7e\xa0-\xff]/g, '')
      .trim();
    switch (random.integer(8)) {
      case 0:
        return { authorization: `${random.pick(['Basic', 'Bearer', 'DPoP', 'x'])} ${value}`.trim() };
      case 1:
        return { cookie: `stagedoor_session=${value}; stagedoor_browser=${value}; ;=;` };
      case 2:
        return { [random.pick(['accept', 'origin', 'referer', 'x-forwarded-for', 'sec-fetch-site'])]: value };
      default:
        return {};
    }
  }
}

test('random forms, queries, documents, headers and cookies are answered without a fault', async () => {
  const { client_id, client_secret = '' } = client;
  const credentials = { client_id, client_secret };
  const { access_token, refresh_token, id_token } = tokens as Record<string, string>;
  const { url } = authorizationUrl(server.issuer, client, { prompt: 'consent', nonce: 'n' });
  const person = await signIn(server.issuer);
  const stranger = new Person(server.issuer);
  const consent = formOf(await person.open(url));
  const login = formOf(await stranger.open(url));
  const token = (grant_type: string, fields: Record<string, string> = {}): Start => {
    return { path: '/oauth/token', fields: { ...credentials, grant_type, ...fields } };
  };
  const fuzzer = new Fuzzer(
    [client_id, client_secret, REDIRECT_URI, access_token!, refresh_token!, id_token!],
    [
      {
        path: '/oauth/authorize',
        fields: Object.fromEntries(new URL(url).searchParams),
        cookie: cookieOf(person),
      },
      { path: consent.action, fields: { ...consent.fields, decision: 'allow' }, cookie: cookieOf(person) },
      {
        path: login.action,
        fields: { ...login.fields, ...ADMIN, password: 'x' },
        cookie: cookieOf(stranger),
      },
      { path: '/oauth/introspect', fields: { ...credentials, token: access_token! } },
      { path: '/oauth/revoke', fields: { ...credentials, token: id_token! } },
      token('client_credentials'),
      token('refresh_token', { refresh_token: refresh_token! }),
      token('authorization_code', { code: 'x', code_verifier: 'x', redirect_uri: REDIRECT_URI }),
    ],
  );
  const requests = Array.from({ length: REQUESTS }, () => fuzzer.request()).entries();
  const statuses = new Set<number>();
  const work = async () => {
    for (const [index, { path, init }] of requests) {
      const answer = await send(server.issuer, path, init);
      expectAnswered(answer, { SEED, index, path, init });
      statuses.add(answer.status);
    }
  };
  await Promise.all([work(), work(), work(), work()]);
  // They reached every kind of answer.
  for (const status of [200, 201, 303, 400, 401, 403, 405]) expect([...statuses]).toContain(status);
});

function cookieOf({ cookies }: Person): string {
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
}
