// The restarts, one replica after the other, and what goes on meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import { callerAt } from './caller.mjs';
import { beginJourneys } from './journeys.mjs';

const USE_TIMEOUT_MS = 20_000;
const POLL_MS = 50;
/** Well after the signal, and before a drain is over. */
const MEANWHILE_MS = 100;

/**
 * Restarts a replica under load; resolves to how long it took to end and to come back.
 * @param {Awaited<ReturnType<import('./stage.mjs').setStage>>} stage
 * @param {import('./replicas.mjs').Replica} replica
 * @param {import('./traffic.mjs').Traffic} traffic
 */
export async function restart(stage, replica, traffic) {
  const { call, replicas } = stage;
  const name = `replica ${replica.number}`;
  const other = callerAt(call, replicas[replica.number % replicas.length].base);
  const travel = (kind, work) => traffic.one(kind, [200], () => work.then(() => ({ status: 200 })));

  const journeys = await beginJourneys(stage, replica);
  traffic.phase = `${name} drains`;
  const ending = replica.end('SIGTERM');
  await sleep(MEANWHILE_MS);
  await travel('login begun before, posted while it drains', journeys.secondLogin(call));
  const ended = await ending;
  traffic.phase = `${name} is away`;
  await travel('code of a replica that is gone, redeemed at another', journeys.code(other));
  await travel('consent page opened before, allowed at another', journeys.consent(call));
  traffic.phase = `${name} starts`;
  const readyMs = await replica.start();
  traffic.phase = `${name} comes back`;
  const usedMs = await untilUsed(replica);
  const here = callerAt(call, replica.base);
  await travel('login begun before the restart, posted after it', journeys.login(here, other));
  return { ...ended, readyMs, usedMs };
}

/** Kills a replica under load, and starts it again. Resolves to what failed by that, and what later. */
export async function kill(replica, traffic, patienceMs) {
  const before = traffic.failures.length;
  traffic.phase = `replica ${replica.number} was killed`;
  await replica.end('SIGKILL');
  await sleep(patienceMs);
  const atOnce = traffic.failures.length - before;
  await sleep(patienceMs);
  const later = traffic.failures.length - before - atOnce;
  await replica.start();
  await untilUsed(replica);
  return { atOnce, later };
}

/** Waits until the proxy sends requests to a replica that was started. */
async function untilUsed(replica) {
  const startedAtMs = performance.now();
  while ((await replica.served()) === 0) {
    if (performance.now() - startedAtMs > USE_TIMEOUT_MS)
      throw new Error(`the proxy does not use replica ${replica.number} again`);
    await sleep(POLL_MS);
  }
  return performance.now() - startedAtMs;
}
