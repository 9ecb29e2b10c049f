import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findPostgresPrograms } from '../../scripts/postgres-programs.mjs';

/** The folder of a PostgreSQL with its client programs; "npm test" has seen to it. */
export function postgresPrograms(): string {
  const folder = findPostgresPrograms();
  if (folder === undefined) throw new Error('no pg_dump: run the tests with "npm test"');
  return folder;
}

/** Runs one of PostgreSQL's own programs to its end; throws what it printed if it fails. */
export async function runProgram(name: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(join(postgresPrograms(), name), [...args], {
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
  });
  return stdout;
}
