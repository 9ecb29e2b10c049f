import { expect, test } from '@jest/globals';
import { TemporarilyUnavailable } from '../../src/oauth/errors.ts';
import { DocumentedServer, type Asking } from '../support/documented.ts';
import { formOf } from '../support/person.ts';
import { appWithout, whileServing } from '../support/stub-app.ts';

const TOKEN = { authorization: 'Bearer abc' };
const CLIENT = { client_id: 'a-client', client_secret: 'secret' };

/** What each operation outside the admin API must be sent to get as far as an actor. */
const REACHING: Readonly<Record<string, Asking & { readonly query?: string }>> = {
  issueTokens: { form: { ...CLIENT, grant_type: 'client_credentials' } },
  introspectToken: { form: { ...CLIENT, token: 'abc' } },
  revokeOwnToken: { form: { ...CLIENT, token: 'abc' } },
  getUserinfo: { headers: TOKEN },
  postUserinfo: { form: { access_token: 'abc' } },
  registerClient: { json: { redirect_uris: ['https://app.example/callback'] } },
  authorize: { query: '?client_id=a-client' },
  postAuthorize: { form: { client_id: 'a-client', response_type: 'code' } },
  decide: { form: { client_id: 'a-client', decision: 'allow' } },
  showLogin: { query: `?return_to=${encodeURIComponent('/oauth/authorize?client_id=a-client')}` },
  logIn: { form: { username: 'admin', password: 'wrong' } },
};

/** Asks every operation, as a browser that has a session, and throws on what is not documented. Resolves to what those answered that may answer this. */
async function askAll(base: string, status: string): Promise<readonly string[]> {
  const server = await DocumentedServer.of(base);
  const answered: string[] = [];
  const person = server.person();
  person.cookies.set('stagedoor_session', 'A'.repeat(43));
  const { csrf_token } = formOf(await person.request('/auth/login')).fields;
  const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  for (const operation of server.operations()) {
    const { id, method, path, described } = operation;
    const isAdmin = path.startsWith('/admin/api/');
    const { query = '', headers, form, json }: (typeof REACHING)[string] = REACHING[id] ?? {};
    const takesForm = described.requestBody?.content['application/x-www-form-urlencoded'] !== undefined;
    const answer = await server.ask(method.toUpperCase(), server.exampleOf(operation) + query, {
      headers: { cookie, ...(isAdmin && TOKEN), ...headers },
      ...(takesForm && { form: { csrf_token: csrf_token!, ...form } }),
      ...(json !== undefined && { json }),
    });
    if (status in described.responses) answered.push(`${id} ${answer.status}`);
  }
  return answered;
}

test('where storage is away, every operation says so as the document has it', async () => {
  await whileServing(appWithout(new TemporarilyUnavailable('storage')), async (base) => {
    const answered = await askAll(base, '503');
    expect(answered.filter((answer) => !answer.endsWith(' 503'))).toEqual([]);
    expect(answered.length).toBeGreaterThan(15);
  });
});

test('a bug shows nothing but what the document says of it', async () => {
  await whileServing(appWithout(new TypeError('nobody may read this')), async (base) => {
    const answered = await askAll(base, '500');
    expect(answered.filter((answer) => !answer.endsWith(' 500'))).toEqual([]);
    expect(answered.length).toBeGreaterThan(15);
  });
});
