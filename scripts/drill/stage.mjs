// Everything that a drill needs: a database, three replicas, a proxy before them, clients.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Browser, post } from '../../bench/requests.mjs';
import { REDIRECT_URI } from '../../bench/subjects/code-request.mjs';
import { addClientByCli, runCli } from '../../bench/subjects/stagedoor.mjs';
import { startPostgres } from '../embedded-postgres.mjs';
import { freePort } from '../free-port.mjs';
import { newCaller } from './caller.mjs';
import { startProxy } from './proxies.mjs';
import { Replica } from './replicas.mjs';

const REPLICAS = 3;

/**
 * What the drill sets besides. Where the time between a key's publication and its first signature can be set, a short one
 * belongs here: then KeyWatch sees the new key sign.
 */
const SETTINGS = {};

/**
 * @param {object} parts
 * @param {string} parts.proxyName
 * @param {Record<string, string>} parts.settings what the proxy wants of the replicas
 * @param {string} parts.folder
 * @param {(end: () => unknown) => void} parts.cleanUp
 */
export async function setStage({ proxyName, settings, folder, cleanUp }) {
  const postgres = await startPostgres();
  cleanUp(() => postgres.stop());
  const listen = `127.0.0.1:${await freePort()}`;
  const issuer = `http://${listen}`;
  const person = { username: 'admin', password: randomBytes(16).toString('hex') };
  const env = {
    PATH: process.env.PATH,
    OAUTH2_ISSUER: issuer,
    OAUTH2_TRUSTED_PROXIES: 'loopback',
    OAUTH2_DATABASE_URL: postgres.url,
    OAUTH2_SECRET: randomBytes(32).toString('hex'),
    OAUTH2_ADMIN_PASSWORD: person.password,
    ...settings,
    ...SETTINGS,
  };
  await runCli(process.execPath, ['migrate'], env);
  const clients = await addClients(env);
  const replicas = [];
  for (let number = 1; number <= REPLICAS; number += 1)
    replicas.push(new Replica(number, { port: await freePort(), env, folder }));
  await Promise.all(replicas.map((replica) => replica.start()));
  const proxy = await startProxy(proxyName, {
    listen,
    replicas: replicas.map(({ host }) => host),
    folder: join(folder, 'proxy'),
  });
  return {
    issuer,
    person,
    ...clients,
    replicas,
    proxy,
    call: newCaller({ keepAlive: true }),
    signIn: async (call) => {
      const browser = new Browser(call);
      await browser.signIn(new URL('/account', issuer), person);
      return browser;
    },
    adminToken: async () => {
      const fields = { grant_type: 'client_credentials', scope: 'admin' };
      return (await post(`${issuer}/oauth/token`, clients.admin, fields)).access_token;
    },
  };
}

async function addClients(env) {
  const add = (...flags) => addClientByCli(process.execPath, flags, env);
  const types = (...names) => names.flatMap((name) => ['-g', name]);
  const code = ['-r', REDIRECT_URI, ...types('authorization_code', 'refresh_token')];
  const [client, stranger, admin] = await Promise.all([
    // The operator's own, whose users are not asked for consent.
    add('--first-party', ...code, ...types('client_credentials'), '-s', 'read write'),
    add(...code, '-s', 'read'),
    add(...types('client_credentials'), '-s', 'admin'),
  ]);
  return { client, stranger, admin };
}
