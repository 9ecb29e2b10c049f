// The proxies of deploy/, with the drill's addresses in place of the examples.
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endChild, startChild } from '../../bench/children.mjs';
import { findProgram, requirePrograms } from '../programs.mjs';

const START_TIMEOUT_MS = 15_000;
const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url));
/** The replicas in the files of deploy/. */
const EXAMPLES = ['10.0.0.11:8080', '10.0.0.12:8080', '10.0.0.13:8080'];

/**
 * @typedef {object} Place where a proxy listens, who is behind it, and where it may write
 * @property {string} listen
 * @property {readonly string[]} replicas
 * @property {string} folder
 */

const PROXIES = {
  haproxy: {
    // As its configuration says: it asks for /ready, and is given time to.
    settings: { OAUTH2_SHUTDOWN_DELAY_MS: '3000' },
    file: 'haproxy/haproxy.cfg',
    /** @param {Place} place */
    prepare: (text, { listen, folder }) => {
      const config = join(folder, 'haproxy.cfg');
      writeFileSync(config, fill(text, [[/bind :443 ssl .*/, `bind ${listen}`]]));
      return ['-db', '-f', config];
    },
    logFile: 'haproxy.log',
  },
  nginx: {
    settings: {},
    file: 'nginx/stagedoor.conf',
    /** @param {Place} place */
    prepare: (text, { listen, folder }) => {
      const site = fill(text, [
        [/listen 443 ssl http2;/, `listen ${listen};`],
        [/ +ssl_certificate .*\n/, ''],
        [/ +ssl_certificate_key .*\n/, ''],
        [/\/var\/log\/nginx\/stagedoor\.log/, join(folder, 'nginx-requests.log')],
      ]);
      writeFileSync(join(folder, 'stagedoor.conf'), site);
      const config = join(folder, 'nginx.conf');
      writeFileSync(config, frame(folder));
      return ['-e', join(folder, 'nginx.log'), '-c', config, '-p', folder];
    },
    logFile: 'nginx-requests.log',
  },
};

export const PROXY_NAMES = Object.keys(PROXIES);

/** What replicas are to be set to behind a proxy. */
export function settingsFor(name) {
  return PROXIES[name].settings;
}

/** Makes sure that a proxy can be started. */
export function requireProxy(name, say) {
  requirePrograms([name], name, say);
}

/**
 * Starts a proxy and waits until it passes on what replicas answer.
 * @param {string} name
 * @param {Place} place
 */
export async function startProxy(name, place) {
  const { file, prepare, logFile } = PROXIES[name];
  mkdirSync(place.folder, { recursive: true, mode: 0o755 });
  const args = prepare(withReplicas(readFileSync(join(DEPLOY, file), 'utf8'), place.replicas), place);
  const output = openSync(join(place.folder, `${name}.log`), 'w', 0o600);
  const child = startChild(findProgram(name), args, { stdio: ['ignore', output, output] });
  closeSync(output);
  const end = Date.now() + START_TIMEOUT_MS;
  while (!(await isReady(place.listen))) {
    if (child.exitCode !== null || Date.now() > end) {
      child.kill('SIGKILL');
      const log = readFileSync(join(place.folder, `${name}.log`), 'utf8');
      throw new Error(`${name} did not start:\n${log}`);
    }
    await sleep(50);
  }
  return {
    name,
    /** What it wrote of requests that it did not pass on as they came. */
    trouble: () => readFileSync(join(place.folder, logFile), 'utf8').split('\n').filter(isTrouble),
    stop: () => endChild(child),
  };
}

/** An answer of 5xx, or an end of a session that HAProxy finds abnormal. */
function isTrouble(line) {
  return / 5\d\d /.test(line) || / (?!--)[A-Za-z-]{2}[A-Za-z-]{2} \d+\/\d+\//.test(line);
}

function withReplicas(text, replicas) {
  return fill(
    text,
    EXAMPLES.map((example, index) => [example, replicas[index]]),
  );
}

/** Replaces each of these, which must be there. */
function fill(text, replacements) {
  return replacements.reduce((filled, [what, by]) => {
    const next = filled.replace(what, () => by);
    if (next === filled) throw new Error(`there is no ${what} in the proxy's configuration`);
    return next;
  }, text);
}

/** What Debian's nginx.conf has around conf.d, in a folder of our own. */
function frame(folder) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `  ${kind}_temp_path ${join(folder, `${kind}-temp`)};`)
    .join('\n');
  return `daemon off;
worker_processes 2;
pid ${join(folder, 'nginx.pid')};
error_log ${join(folder, 'nginx.log')};
events { worker_connections 4096; }
http {
${temporary}
  include ${join(folder, 'stagedoor.conf')};
}
`;
}

async function isReady(address) {
  try {
    return (await fetch(`http://${address}/ready`)).ok;
  } catch {
    return false;
  }
}
