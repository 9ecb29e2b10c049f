import { summarise } from './statistics.mjs';
import { WORKLOADS } from './workloads.mjs';

const CONNECTIONS = 64;
const LONG_SECONDS = 600;
const CORES_FOR_TWO_WORKERS = 4;
/** Memory that still grows by more than this in the second half is not flat. */
const FLAT = 1.05;

/**
 * @typedef {object} Goal
 * @property {string} goal
 * @property {number | undefined} measured undefined: not by this run
 * @property {boolean | undefined} met
 */

/**
 * What this project wants to reach, and how far these results are.
 * @param {import('./results.mjs').Report} report
 * @returns {Goal[]}
 */
export function judge(report) {
  const ratio = (workload, other) => {
    const ours = summary(report, workload, 'stagedoor')?.perSecond;
    const theirs = summary(report, workload, other)?.perSecond;
    return ours && theirs && ours / theirs;
  };
  const statements = (workload) => summary(report, workload, 'stagedoor')?.statementsPer1;
  return [
    atLeast('client_credentials: of the ceiling', 0.85, ratio('issue', 'bare')),
    atLeast('client_credentials: times node-oidc-provider', 2.5, ratio('issue', 'oidc-provider')),
    atLeast('introspection of live tokens: of the ceiling', 0.8, ratio('introspect', 'bare')),
    atLeast('refresh: of the ceiling', 0.6, ratio('refresh', 'bare')),
    atMost('database statements per issued token', 0.1, statements('issue')),
    atMost('database statements per introspection', 0.1, statements('introspect')),
    atMost('p99 by p50, the worst of all workloads', 4, worstTail(report)),
    atMost(
      'resident memory under load, MB',
      200,
      most(report, () => true, 'residentMb'),
    ),
    atMost(`growth of memory in the second half of ${LONG_SECONDS / 60} minutes`, FLAT, longDrift(report)),
    atLeast('two workers: times one, on cores of their own', 1.7, twoWorkers(report)),
  ];
}

/** The goals for a person. */
export function goalLines(goals) {
  return goals.map(({ goal, measured, met }) => {
    const verdict = { true: 'met', false: 'missed', undefined: 'not measured' }[met];
    return `${verdict.padEnd(14)}${(measured?.toFixed(2) ?? '-').padStart(8)}  ${goal}`;
  });
}

function atLeast(what, least, measured) {
  return { goal: `${what} ≥ ${least}`, measured, met: measured && measured >= least };
}

function atMost(what, limit, measured) {
  return {
    goal: `${what} ≤ ${limit}`,
    measured,
    met: measured === undefined ? undefined : measured <= limit,
  };
}

function worstTail(report) {
  const tails = Object.keys(WORKLOADS)
    .map((workload) => summary(report, workload, 'stagedoor'))
    .filter((figures) => figures?.p50Ms > 0)
    .map(({ p50Ms, p99Ms }) => p99Ms / p50Ms);
  return tails.length === 0 ? undefined : Math.max(...tails);
}

function longDrift(report) {
  return most(report, ({ seconds }) => seconds >= LONG_SECONDS, 'memoryDrift');
}

function most({ runs }, isMeant, figure) {
  const rounds = runs.filter(isMeant).flatMap(({ results }) => results.stagedoor?.rounds ?? []);
  const known = rounds.map((round) => round[figure]).filter((value) => value !== undefined && value !== null);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** With fewer cores the load generator and PostgreSQL take what the second worker needs. */
function twoWorkers(report) {
  if (report.machine.cores < CORES_FOR_TWO_WORKERS) return undefined;
  if ((report.subjects['stagedoor-2']?.processes ?? 1) < 2) return undefined;
  const two = summary(report, 'issue', 'stagedoor-2')?.perSecond;
  const one = summary(report, 'issue', 'stagedoor')?.perSecond;
  return two && one && two / one;
}

function summary({ runs }, workload, subject) {
  const run = runs.find((each) => each.workload === workload && each.connections === CONNECTIONS);
  const rounds = run?.results[subject]?.rounds;
  return rounds && summarise(rounds);
}
