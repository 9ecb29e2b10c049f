// One drill behind one proxy.
import { setTimeout as sleep } from 'node:timers/promises';
import { changeClient } from './client-changes.mjs';
import { inWords } from './findings.mjs';
import { KeyWatch } from './key-watch.mjs';
import { startLoad } from './load.mjs';
import { kill, restart } from './rounds.mjs';
import { Traffic } from './traffic.mjs';

const STEADY_MS = 2000;
const KNOWN_WITHIN_MS = 1000;
/** A replica looks for new keys every 30 s. */
const PUBLISHED_WITHIN_MS = 35_000;
/** By then a proxy has found out about a replica that was killed. */
const KILLED_MS = 3000;

/**
 * @param {Awaited<ReturnType<import('./stage.mjs').setStage>>} stage
 * @param {object} options
 * @param {number} options.rounds
 * @param {boolean} options.changes whether a client is changed and a key is rotated, which has nothing to do with the proxy
 * @param {import('./findings.mjs').Findings} options.findings
 * @param {(sentence: string) => void} options.say
 */
export async function drill(stage, { rounds, changes, findings, say }) {
  const { replicas } = stage;
  const traffic = new Traffic();
  const keys = new KeyWatch(replicas);
  const load = await startLoad({ ...stage, traffic, onToken: (kid) => keys.onToken(kid) });
  traffic.phase = 'nothing is done';
  await sleep(STEADY_MS);
  if (changes) {
    traffic.phase = 'a client is changed';
    reportChanges(await changeClient(stage), findings);
    traffic.phase = 'a key is rotated';
    await rotateKey(stage, keys, findings);
  }
  const restarts = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const replica of replicas) {
      const found = await restart(stage, replica, traffic);
      restarts.push(found);
      say(
        `round ${round}, replica ${replica.number}: ended with ${found.how} after ${inWords(found.ms)}, ready again in ${inWords(found.readyMs)}, used by the proxy ${inWords(found.usedMs)} later`,
      );
    }
  }
  reportRestarts(restarts, traffic, findings);
  const failures = [...traffic.failures];
  const killed = await kill(replicas[0], traffic, KILLED_MS);
  findings.tell('Contrast: requests that failed when a replica got SIGKILL', String(killed.atOnce));
  findings.check(
    `… and more of them later than ${inWords(KILLED_MS)} after`,
    '0',
    String(killed.later),
    killed.later === 0,
  );
  await load.stop();
  await keys.stop();
  reportKeys(keys, findings);
  return { failures, counts: traffic.counts };
}

function reportChanges(changes, findings) {
  for (const { what, at, delays } of changes) {
    const worst = Math.max(...delays);
    const found = `${delays.map((ms) => Math.round(ms)).join(', ')} ms`;
    findings.check(
      `After ${what} at replica ${at}, replicas know`,
      `within ${inWords(KNOWN_WITHIN_MS)}`,
      found,
      worst <= KNOWN_WITHIN_MS,
    );
  }
}

async function rotateKey({ issuer, call, adminToken }, keys, findings) {
  const headers = { authorization: `Bearer ${await adminToken()}` };
  const startedAtMs = Date.now();
  const answer = await call(`${issuer}/admin/api/keys/rotate`, { method: 'POST', headers });
  if (!answer.ok) throw new Error(`the keys were not rotated: ${answer.status} ${await answer.text()}`);
  const next = (await answer.json()).items.filter(({ state }) => state === 'next');
  const times = await Promise.all(
    next.map(async ({ kid, activates_at }) => ({
      publishedAtMs: await keys.untilPublishedByAll(kid, PUBLISHED_WITHIN_MS),
      activatesAtMs: Date.parse(activates_at),
    })),
  );
  const published = times.map(({ publishedAtMs }) => publishedAtMs ?? Infinity);
  const publishedMs = Math.max(...published) - startedAtMs;
  findings.check(
    `After a rotation of keys, all replicas publish ${next.length} new ones`,
    `within ${inWords(PUBLISHED_WITHIN_MS)}`,
    inWords(publishedMs),
    next.length > 0 && publishedMs <= PUBLISHED_WITHIN_MS,
  );
  const leadMs = Math.min(...times.map((time, index) => time.activatesAtMs - published[index]));
  findings.check('… before they sign', 'any time', `${inWords(leadMs)} before`, leadMs > 0);
}

function reportRestarts(restarts, traffic, findings) {
  const { failures, total, slowest, counts } = traffic;
  findings.check(
    `Requests that failed during ${restarts.length} restarts`,
    '0',
    `${failures.length} of ${total + failures.length}`,
    failures.length === 0,
  );
  for (const [kind, count] of Object.entries(counts))
    findings.check(`  ${kind}`, 'some', String(count), count > 0);
  findings.tell('  slowest answer', `${inWords(slowest.ms)} (${slowest.kind}, while ${slowest.phase})`);
  const clean = restarts.filter(({ how }) => how === 'exit code 0').length;
  findings.check(
    'Replicas that ended by themselves after SIGTERM, exit code 0',
    'all',
    `${clean} of ${restarts.length}`,
    clean === restarts.length,
  );
  const range = (pick) => {
    const all = restarts.map(pick);
    return `${inWords(Math.min(...all))} to ${inWords(Math.max(...all))}`;
  };
  findings.tell(
    '  from SIGTERM to the end',
    range(({ ms }) => ms),
  );
  findings.tell(
    '  from the start to ready',
    range(({ readyMs }) => readyMs),
  );
  findings.tell(
    '  from ready to used by the proxy',
    range(({ usedMs }) => usedMs),
  );
}

function reportKeys(keys, findings) {
  const early = keys.tooEarly();
  findings.check(
    'Keys that signed before every replica published them',
    '0',
    `${early.length} of ${keys.signed.size}`,
    early.length === 0,
  );
  const tokens = [...keys.signed.values()].reduce((sum, { count }) => sum + count, 0);
  findings.check('Tokens verified by a client that caches the JWKS', 'all', `${tokens} tokens`, tokens > 0);
}
