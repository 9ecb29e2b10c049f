// A client is changed at one replica, by the admin API: how long until every replica has it so?
import { setTimeout as sleep } from 'node:timers/promises';
import { codeRequest } from '../../bench/subjects/code-request.mjs';
import { callerAt } from './caller.mjs';

const POLL_MS = 20;
const PATIENCE_MS = 10_000;
const NEW_URI = 'https://app.example/another-callback';

/**
 * Makes changes, one after the other, each at another replica; resolves to what was changed, where, and after how many
 * milliseconds each replica had it so.
 * @param {object} parts
 * @param {string} parts.issuer
 * @param {typeof fetch} parts.call
 * @param {readonly import('./replicas.mjs').Replica[]} parts.replicas
 * @param {() => Promise<string>} parts.adminToken
 */
export async function changeClient({ issuer, call, replicas, adminToken }) {
  const token = await adminToken();
  const admin = async (replica, method, path, body, headers = {}) => {
    const answer = await callerAt(call, replica.base)(`${issuer}/admin/api${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return { body: await answer.json(), etag: answer.headers.get('etag') };
  };
  const made = await admin(replicas[0], 'POST', '/clients', newClient());
  const { client_id } = made.body.client;
  const path = `/clients/${client_id}`;
  const isAllowed = async (replica, secret) => (await ask(replica, client_id, secret)) === 200;
  const ask = (replica, id, secret) => statusOfToken(callerAt(call, replica.base), issuer, id, secret);
  const secret = made.body.client_secret;

  /** Every replica has the client in its memory as it was; then it is changed at one, and all are asked until they know. */
  const change = async (what, at, work, isKnownTo) => {
    await Promise.all(replicas.map((replica) => ask(replica, client_id, secret)));
    const early = await Promise.all(replicas.map(isKnownTo));
    if (early.some(Boolean)) throw new Error(`${what}: a replica knew before it was done`);
    await work(replicas[at]);
    const doneAtMs = performance.now();
    const delays = await Promise.all(
      replicas.map((replica) => delayUntil(() => isKnownTo(replica), doneAtMs)),
    );
    return { what, at: replicas[at].number, delays };
  };

  let newSecret;
  return [
    await change(
      'a redirect URI is added',
      1,
      async (replica) => {
        const { etag } = await admin(replica, 'GET', path);
        const redirect_uris = [...newClient().redirect_uris, NEW_URI];
        await admin(replica, 'PATCH', path, { redirect_uris }, { 'if-match': etag });
      },
      (replica) => isRedirectAccepted(callerAt(call, replica.base), issuer, client_id),
    ),
    await change(
      'a secret is added',
      2,
      async (replica) =>
        (newSecret = (await admin(replica, 'POST', `${path}/secrets`, {})).body.client_secret),
      async (replica) => newSecret !== undefined && isAllowed(replica, newSecret),
    ),
    await change(
      'the client is disabled',
      0,
      (replica) => admin(replica, 'POST', `${path}/disable`),
      async (replica) => !(await isAllowed(replica, secret)),
    ),
    await change(
      'the client is enabled',
      1,
      (replica) => admin(replica, 'POST', `${path}/enable`),
      (replica) => isAllowed(replica, secret),
    ),
  ];
}

function newClient() {
  return {
    client_name: 'Changed in the drill',
    redirect_uris: ['https://app.example/callback'],
    grant_types: ['authorization_code', 'client_credentials'],
  };
}

async function statusOfToken(call, issuer, client_id, client_secret) {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret });
  return (await call(`${issuer}/oauth/token`, { method: 'POST', body })).status;
}

/** A wrong redirect URI is told on a page of the server's own; a right one leads to the login. */
async function isRedirectAccepted(call, issuer, clientId) {
  const { url } = codeRequest(`${issuer}/oauth/authorize`, clientId, { redirect_uri: NEW_URI });
  return (await call(url)).headers.get('location') !== null;
}

async function delayUntil(isSo, sinceMs) {
  for (;;) {
    if (await isSo()) return performance.now() - sinceMs;
    if (performance.now() - sinceMs > PATIENCE_MS) return Infinity;
    await sleep(POLL_MS);
  }
}
