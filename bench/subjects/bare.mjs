// The ceiling: what the same answers cost at the least (bench/bare/server.mjs), on one thread and without a database.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endChild, startChild } from '../children.mjs';
import { post } from '../requests.mjs';
import { codeRequest, REDIRECT_URI } from './code-request.mjs';
import { NODE_FLAGS } from './node-flags.mjs';
import { profiling } from './profiling.mjs';
import { PATHS } from './stagedoor.mjs';

const SERVER = fileURLToPath(new URL('../bare/server.mjs', import.meta.url));

export const usesDatabase = false;

/** @type {import('./registry.mjs').Start} */
export async function start({ node, profileFolder, name = 'bare' }) {
  const client = { client_id: random(16), client_secret: random(32) };
  const sessionId = random(32);
  const identity = {
    clientId: client.client_id,
    clientSecret: client.client_secret,
    redirectUri: REDIRECT_URI,
    sessionId,
    ownerId: random(16),
  };
  const args = [...NODE_FLAGS, ...profiling(name, profileFolder), SERVER, JSON.stringify(identity)];
  const child = startChild(node, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [base] = await once(createInterface({ input: child.stdout }), 'line');
  return {
    name,
    base,
    client,
    pids: [child.pid],
    paths: PATHS,
    refreshTokens: async (count) => (await post(`${base}/seeds`, client, { count: String(count) })).seeds,
    codeFlow: async () => {
      const { url, redemption } = codeRequest(base + PATHS.authorize, client.client_id);
      return { authorizeUrl: url.href, cookie: `session=${sessionId}`, redemption };
    },
    stop: () => endChild(child),
  };
}

function random(bytes) {
  return randomBytes(bytes).toString('base64url');
}
