import { cpuSeconds, machineCpuSeconds, residentMb } from './children.mjs';
import { load } from './load.mjs';

const WARM_UP_SECONDS = 3;

/** @typedef {{ name: string, server: import('./servers.mjs').Server, database?: Awaited<ReturnType<typeof import('./database.mjs').startDatabase>> }} Contender */

/**
 * One round of one server.
 * @typedef {object} Round
 * @property {number} perSecond good answers
 * @property {number} answered
 * @property {number} p50Ms
 * @property {number} p99Ms
 * @property {number | undefined} generatorShare
 * @property {number | undefined} othersShare how many cores were busy with what is none of ours
 * @property {number | undefined} residentMb the most that was seen
 * @property {number | undefined} cpuPer1000 seconds of the server
 * @property {number | undefined} databaseCpuPer1000 seconds of PostgreSQL
 * @property {number | undefined} statementsPer1
 */

/**
 * Measures the contenders in turn, round after round, so that whatever else the machine does meets them alike.
 * @param {import('./workloads.mjs').Workload} workload
 * @param {readonly Contender[]} contenders
 * @param {{ generator: string, connections: number, seconds: number, rounds: number }} options
 * @param {(text: string) => void} say
 * @returns {Promise<Record<string, Round[]>>}
 */
export async function measure(workload, contenders, options, say) {
  const results = Object.fromEntries(contenders.map(({ name }) => [name, []]));
  for (const contender of contenders) {
    say(`warming up ${contender.name}`);
    await round(workload, contender, { ...options, seconds: WARM_UP_SECONDS });
  }
  for (let number = 1; number <= options.rounds; number += 1) {
    for (const contender of contenders) {
      const result = await round(workload, contender, options);
      results[contender.name].push(result);
      say(
        `round ${number} of ${options.rounds}, ${contender.name}: ${Math.round(result.perSecond)} per second`,
      );
    }
  }
  return results;
}

/** @returns {Promise<Round>} */
async function round(workload, { name, server, database }, { generator, connections, seconds }) {
  const plan = await workload.plan(server, connections);
  await database?.beginRound();
  const machineBefore = machineCpuSeconds();
  const startedAtMs = performance.now();
  const cpuBefore = cpuSeconds(server.pid);
  let mostMb = residentMb(server.pid);
  const seen = await load({
    generator,
    base: server.base,
    plan,
    connections,
    seconds,
    onSample: () => {
      const mb = residentMb(server.pid);
      if (mb !== undefined && mb > mostMb) mostMb = mb;
    },
  });
  const cpuUsed = cpuBefore === undefined ? undefined : cpuSeconds(server.pid) - cpuBefore;
  const machineUsed = machineBefore === undefined ? undefined : machineCpuSeconds() - machineBefore;
  const elapsedSeconds = (performance.now() - startedAtMs) / 1000;
  const work = await database?.endRound();
  requireClean(name, workload, seen, work);
  const per1000 = (amount) => (amount === undefined ? undefined : (amount / seen.answered) * 1000);
  return {
    perSecond: seen.answered / seen.seconds,
    answered: seen.answered,
    p50Ms: seen.p50Ms,
    p99Ms: seen.p99Ms,
    generatorShare: seen.generatorShare,
    othersShare:
      machineUsed === undefined
        ? undefined
        : (machineUsed - cpuUsed - (work?.cpuSeconds ?? 0)) / elapsedSeconds - (seen.generatorShare ?? 0),
    residentMb: mostMb,
    cpuPer1000: per1000(cpuUsed),
    databaseCpuPer1000: per1000(work?.cpuSeconds),
    statementsPer1: work && work.statements / seen.answered,
  };
}

/** Fast errors, or tokens that no row stands for, are no result. */
function requireClean(name, { storesTokens }, { answered, refused, failed }, work) {
  if (answered === 0) throw new Error(`${name} answered nothing`);
  if (refused + failed > 0) {
    throw new Error(
      `${name}: of ${answered} answers ${refused} were errors, and ${failed} requests got none`,
    );
  }
  if (work && storesTokens && work.tokensStored < answered) {
    throw new Error(`${name} gave out ${answered} tokens but stored ${work.tokensStored}`);
  }
}
