import { cpuSecondsOf, machineCpuSeconds, residentMbOf } from './children.mjs';
import { load } from './load.mjs';
import { requireExpected } from './probe.mjs';
import { memoryDrift } from './statistics.mjs';

/** @typedef {{ subject: import('./subjects/registry.mjs').Subject, database?: Awaited<ReturnType<typeof import('./database.mjs').startDatabase>> }} Contender */
/** @typedef {{ generator: string, connections: number, seconds: number, rounds: number, warmUpSeconds: number, tokens: number }} Job */

/**
 * One round of one subject. What is counted is the workload's unit: good answers, or flows.
 * @typedef {object} Round
 * @property {number} perSecond
 * @property {number} counted
 * @property {number} p50Ms of single requests
 * @property {number} p99Ms
 * @property {number | undefined} generatorShare how much of one core the generator used
 * @property {number | undefined} othersShare how many cores were busy with what is none of ours
 * @property {number | undefined} residentMb the most that was seen
 * @property {number | undefined} memoryDrift memory in the end, by that half-way
 * @property {number | undefined} cpuPer1000 seconds of the server
 * @property {number | undefined} databaseCpuPer1000 seconds of PostgreSQL
 * @property {number | undefined} statementsPer1
 */

/** @typedef {{ rounds: Round[] } | { failed: string } | { unsupported: string }} Result of one subject */

/**
 * Measures the contenders in turn, round after round, so that whatever else the machine does meets them alike.
 * @param {import('./workloads.mjs').Workload} workload
 * @param {readonly Contender[]} contenders
 * @param {Job} job
 * @param {(text: string) => void} say
 * @returns {Promise<Record<string, Result>>}
 */
export async function measure(workload, contenders, job, say) {
  const results = Object.fromEntries(
    contenders.map(({ subject }) => [subject.name, attempt(workload, subject, job)]),
  );
  for (let number = job.warmUpSeconds > 0 ? 0 : 1; number <= job.rounds; number += 1) {
    const isWarmUp = number === 0;
    for (const contender of contenders) {
      const { name } = contender.subject;
      if (!results[name].rounds) continue;
      try {
        const seconds = isWarmUp ? job.warmUpSeconds : job.seconds;
        const result = await round(workload, contender, { ...job, seconds });
        if (!isWarmUp) results[name].rounds.push(result);
        say(
          `${isWarmUp ? 'warm-up' : `round ${number} of ${job.rounds}`}, ${name}: ${result.perSecond.toFixed(0)} per second`,
        );
      } catch (error) {
        // What a subject does not manage is a result; a bug of this program is none.
        if (error.name !== 'Error') throw error;
        results[name] = { failed: error.message };
        say(`failed: ${error.message}`);
      }
    }
  }
  return results;
}

/** @returns {Result} */
function attempt({ needs }, { unsupported = {}, maxConnections = Infinity }, { connections }) {
  const need = needs.find((each) => unsupported[each] !== undefined);
  if (need !== undefined) return { unsupported: unsupported[need] };
  if (connections > maxConnections) return { unsupported: `at most ${maxConnections} connections` };
  return { rounds: [] };
}

/** @returns {Promise<Round>} */
async function round(workload, { subject, database }, { generator, connections, seconds, tokens }) {
  const plan = await workload.plan(subject, { connections, tokens });
  await requireExpected(subject, plan);
  await database?.beginRound(subject.storedTokensQuery ?? null);
  const machineBefore = machineCpuSeconds();
  const startedAtMs = performance.now();
  const cpuBefore = cpuSecondsOf(subject.pids);
  const memory = [residentMbOf(subject.pids)];
  const onSample = () => memory.push(residentMbOf(subject.pids));
  const seen = await load({ generator, base: subject.base, plan, connections, seconds, onSample });
  const cpuUsed = cpuBefore && cpuSecondsOf(subject.pids) - cpuBefore;
  const machineUsed = machineBefore && machineCpuSeconds() - machineBefore;
  const elapsedSeconds = (performance.now() - startedAtMs) / 1000;
  const work = await database?.endRound();
  requireClean(subject.name, workload, plan, seen, connections, work);
  await requireExpected(subject, plan);
  const counted = workload.counts === undefined ? seen.answered : seen.caught[workload.counts];
  const per1000 = (amount) => amount && (amount / counted) * 1000;
  const ours = cpuUsed + (work?.cpuSeconds ?? 0);
  return {
    perSecond: counted / seen.seconds,
    counted,
    p50Ms: seen.p50Ms,
    p99Ms: seen.p99Ms,
    generatorShare: seen.generatorShare,
    othersShare: machineUsed && (machineUsed - ours) / elapsedSeconds - (seen.generatorShare ?? 0),
    residentMb: memory[0] && Math.max(...memory),
    memoryDrift: memory[0] && memoryDrift(memory),
    cpuPer1000: per1000(cpuUsed),
    databaseCpuPer1000: per1000(work?.cpuSeconds),
    statementsPer1: work && work.statements / counted,
  };
}

/** Fast errors, answers without what they are for, or tokens that no row stands for, are no result. */
function requireClean(name, workload, { kinds }, seen, connections, work) {
  const { answered, refused, failed, sent, caught } = seen;
  if (answered === 0) throw new Error(`${name} answered nothing`);
  if (refused + failed > 0) {
    throw new Error(
      `${name}: of ${answered} answers ${refused} were errors, and ${failed} requests got none`,
    );
  }
  for (const { name: kind, gives } of kinds) {
    // As many as there are connections were not answered in the end, and wrk makes one request that it does not send.
    const short = gives.find((capture) => caught[capture] < sent[kind] - connections - 1);
    if (short)
      throw new Error(`${name}: of ${sent[kind]} answers (${kind}) only ${caught[short]} had a ${short}`);
  }
  const given = { each: answered, captured: caught.access_token, none: 0 }[workload.stores];
  if (work?.tokensStored < given)
    throw new Error(`${name} gave out ${given} tokens but stored ${work.tokensStored}`);
}
