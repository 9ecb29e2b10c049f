// What the image's container must do, from its start to its end.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startContainer } from './namespace.mjs';

/** Generous: the machine may be busy with other things. */
const START_LIMIT_MS = 240_000;
const HEALTH_PAUSE_MS = 1000;
/** What docker-compose.yml waits before it kills. */
const STOP_LIMIT_MS = 25_000;

/** Run inside the container, for its network is its own: registers a client and gets a token, or asks about one. */
const CLIENT = `
  const [issuer, clientId, secret, token] = process.argv.slice(1);
  const post = async (path, body, headers) => {
    const response = await fetch(issuer + path, { method: 'POST', body, headers });
    if (!response.ok) throw new Error(path + ' answered ' + response.status);
    return response.json();
  };
  const form = (fields) => new URLSearchParams(fields);
  if (token === undefined) {
    const metadata = { client_name: 'Proof', grant_types: ['client_credentials'], scope: 'read' };
    const client = await post('/clients/register', JSON.stringify(metadata), { 'content-type': 'application/json' });
    const { client_id, client_secret } = client;
    const fields = { grant_type: 'client_credentials', client_id, client_secret };
    const { access_token } = await post('/oauth/token', form(fields));
    console.log(JSON.stringify({ client_id, client_secret, access_token }));
  } else {
    console.log(JSON.stringify(await post('/oauth/introspect', form({ client_id: clientId, client_secret: secret, token }))));
  }`;

/**
 * Starts the image several times on one volume.
 * @param {object} image what its last stage says, with `root`, `volume` and `node`
 */
export async function checkContainer(image, say) {
  const known = await checkFirstStart(image, say);
  await checkSecondStart(image, known, say);
  await checkEarlySignals(image, say);
}

async function checkFirstStart(image, say) {
  const startedAtMs = performance.now();
  const container = await start(image);
  await untilHealthy(container, image);
  say(`healthy ${seconds(startedAtMs)} s after its start, by the image's own health check`);
  checkProcess(container, image, say);
  const issuer = image.env.OAUTH2_ISSUER;
  const answer = ask(container, issuer);
  const { iss } = JSON.parse(Buffer.from(answer.access_token.split('.')[1], 'base64url').toString());
  insist(iss === issuer, `the token names the issuer ${iss}`);
  say(`a client was registered at ${issuer} and got a token`);
  const program = container.exec(['stagedoor', 'migrate', '--help']);
  insist(program.status === 0, `there is no command stagedoor in the container: ${program.stderr}`);
  const shell = container.exec(['sh', '-c', 'true']);
  insist(shell.status !== 0, 'there is a shell in the container');
  const write = container.exec(['node', '--eval', "fs.writeFileSync('/app/x', '')"]);
  insist(/EROFS/.test(write.stderr), `the file tree can be written to: ${write.stderr}`);
  await stop(container, say);
  return answer;
}

async function checkSecondStart(image, { client_id, client_secret, access_token }, say) {
  const container = await start(image);
  await untilHealthy(container, image);
  const { active } = ask(container, image.env.OAUTH2_ISSUER, client_id, client_secret, access_token);
  insist(active === true, 'the token did not survive in the volume');
  await stop(container, say);
  const { status } = await ended(await start(image, ['--help']));
  insist(status === 0, 'another command than the default one cannot be given');
  say('a second start on the same volume knows the client and the token');
}

/** The kernel gives the first process only signals that it has asked for; one that comes while it starts must count too. */
async function checkEarlySignals(image, say) {
  for (const command of [image.command, ['migrate']]) {
    const container = await start(image, command);
    const end = performance.now() + START_LIMIT_MS;
    // Opened: the program runs, but nothing has been started yet.
    while (!existsSync(join(image.volume, 'pid'))) {
      insist(performance.now() < end, `${command} has not opened its data folder:\n${container.output()}`);
      await sleep(1);
    }
    container.signal('SIGTERM');
    const { status, tookMs } = await ended(container);
    insist(tookMs < STOP_LIMIT_MS, `${command} took ${tookMs} ms to end after an early SIGTERM`);
    say(`SIGTERM while ${command} starts: ended with ${status} in ${(tookMs / 1000).toFixed(1)} s`);
  }
}

function start(image, command = image.command) {
  return startContainer({ ...image, command: [...image.entrypoint, ...command] });
}

async function untilHealthy(container, { health }) {
  const end = performance.now() + START_LIMIT_MS;
  for (;;) {
    const { status, stdout, stderr } = container.exec(health);
    if (status === 0) return;
    insist(performance.now() < end, `not healthy in time: ${stdout}${stderr}\n${container.output()}`);
    await sleep(HEALTH_PAUSE_MS);
  }
}

function checkProcess({ pid }, { user }, say) {
  const [uid, gid] = user.split(':');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1] ?? '';
  insist(
    field('Uid')
      .split('\t')
      .every((id) => id === uid),
    `it runs as ${field('Uid')}`,
  );
  insist(
    field('Gid')
      .split('\t')
      .every((id) => id === gid),
    `its group is ${field('Gid')}`,
  );
  insist(field('NSpid').endsWith('\t1'), 'it is not process 1');
  insist(/^0+$/.test(field('CapEff')) && field('NoNewPrivs') === '1', 'it has privileges');
  say(`process 1, user ${user}, no capabilities, a read-only file tree without a shell`);
}

function ask(container, ...args) {
  const { status, stdout, stderr } = container.exec([
    'node',
    '--input-type=module',
    '--eval',
    CLIENT,
    ...args,
  ]);
  insist(status === 0, `the client failed: ${stderr}`);
  return JSON.parse(stdout);
}

async function stop(container, say) {
  container.signal('SIGTERM');
  const { status, tookMs } = await ended(container);
  insist(status === 0, `SIGTERM ended it with ${status}:\n${container.output()}`);
  insist(tookMs < STOP_LIMIT_MS, `it took ${tookMs} ms to stop`);
  say(`SIGTERM: drained and ended with 0 in ${(tookMs / 1000).toFixed(1)} s`);
}

async function ended(container) {
  const startedAtMs = performance.now();
  const status = await container.exited;
  return { status, tookMs: performance.now() - startedAtMs };
}

function seconds(startedAtMs) {
  return ((performance.now() - startedAtMs) / 1000).toFixed(1);
}

function insist(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}
