import { families } from './children.mjs';
import { startDatabase } from './database.mjs';
import { loadSubject } from './subjects/registry.mjs';
import { Unavailable } from './subjects/unavailable.mjs';

/** @typedef {import('./measure.mjs').Contender} Contender */

/**
 * Starts the named subjects, each with a database of its own; those that are not available are told and left out.
 * @param {readonly string[]} names
 * @param {Omit<import('./subjects/registry.mjs').Choice, 'databaseUrl'>} choice
 * @param {{ say: (text: string) => void, cleanUp: (end: () => unknown) => void }} run
 * @returns {Promise<{ contenders: Contender[], skipped: Record<string, string> }>}
 */
export async function startContenders(names, choice, { say, cleanUp }) {
  const contenders = [];
  const skipped = {};
  for (const name of names) {
    try {
      contenders.push(await startContender(name, choice, cleanUp));
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      skipped[name] = error.message;
      say(`without ${name}: ${error.message}`);
    }
  }
  return { contenders, skipped };
}

async function startContender(name, choice, cleanUp) {
  const { start, usesDatabase = true } = await loadSubject(name);
  const database = usesDatabase ? await startDatabase() : undefined;
  if (database) cleanUp(() => database.stop());
  const subject = await start({ ...choice, databaseUrl: database?.url });
  cleanUp(() => subject.stop());
  return { subject, database };
}

/** How many processes answer: a process that has children leaves that to them. */
export function servingProcesses(pids) {
  const all = families(pids);
  return all.length > pids.length ? all.length - pids.length : pids.length;
}
