// Where PostgreSQL's own programs live on this machine, pg_dump and pg_restore among them. Node built-ins only.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const VERSIONS = '/usr/lib/postgresql';
const PROGRAMS = ['initdb', 'postgres', 'pg_dump', 'pg_restore', 'psql'];

/** The folder of the newest version that has them all, server and client; POSTGRES_PROGRAMS names another. */
export function findPostgresPrograms(environment = process.env) {
  const chosen = environment.POSTGRES_PROGRAMS;
  if (chosen) {
    if (hasAll(chosen)) return chosen;
    throw new Error(`POSTGRES_PROGRAMS is ${chosen}, which lacks one of ${PROGRAMS.join(', ')}.`);
  }
  if (!existsSync(VERSIONS)) return undefined;
  return readdirSync(VERSIONS)
    .sort((one, other) => Number(other) - Number(one))
    .map((version) => join(VERSIONS, version, 'bin'))
    .find(hasAll);
}

function hasAll(folder) {
  return PROGRAMS.every((name) => existsSync(join(folder, name)));
}
