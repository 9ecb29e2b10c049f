// The results of runs, kept in files that docs/benchmarks.md is written from.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isSameMachine } from './machine.mjs';

const FOLDER = new URL('results/', import.meta.url);

/**
 * One workload at one number of connections.
 * @typedef {object} Run
 * @property {string} workload
 * @property {number} connections
 * @property {number} seconds
 * @property {string} measuredAt
 * @property {Record<string, import('./measure.mjs').Result>} results by subject
 */

/**
 * @typedef {object} Report
 * @property {Awaited<ReturnType<typeof import('./machine.mjs').describeMachine>>} machine
 * @property {Record<string, { processes: number, idleMb?: number }>} subjects
 * @property {Record<string, string>} skipped subjects that were not there, and why
 * @property {Run[]} runs
 */

/** @returns {Report} */
export function readResults(name) {
  return JSON.parse(readFileSync(fileOf(name), 'utf8'));
}

/** Throws where a report with this name is of another machine or Node, whose figures would be mixed up with ours. */
export function requireSameMachine(name, machine) {
  if (!existsSync(fileOf(name)) || isSameMachine(readResults(name).machine, machine)) return;
  throw new Error(
    `bench/results/${name}.json is of another machine, Node or load generator: remove it, or save by another name`,
  );
}

/**
 * Writes a report, with what an earlier one of this name has besides. A run replaces the earlier one of its workload and
 * connections as a whole: ratios are of subjects that were measured side by side.
 */
export function saveResults(name, report) {
  const earlier = existsSync(fileOf(name)) ? readResults(name) : { subjects: {}, skipped: {}, runs: [] };
  const isReplaced = (old) =>
    report.runs.some((run) => run.workload === old.workload && run.connections === old.connections);
  const kept = earlier.runs.filter((run) => !isReplaced(run));
  const subjects = { ...earlier.subjects, ...report.subjects };
  const skipped = Object.entries({ ...earlier.skipped, ...report.skipped });
  const merged = {
    ...report,
    subjects,
    skipped: Object.fromEntries(skipped.filter(([subject]) => !(subject in subjects))),
    runs: [...kept, ...report.runs],
  };
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(fileOf(name), `${JSON.stringify(merged, shorten, 1)}\n`);
}

/** Five digits are more than a measurement is worth. */
function shorten(_key, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}

function fileOf(name) {
  return fileURLToPath(new URL(`${name}.json`, FOLDER));
}
