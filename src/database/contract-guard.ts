import type { Contract } from './migration.ts';
import type { Read } from './schema.ts';

/** A replica says that it is there every ten seconds; one that has not for so long is gone. */
const SEEN_WITHIN_SECONDS = 60;

/** A contract would take from code that runs what it needs. */
export class CodeTooOld extends Error {
  constructor({ name, needs }: Contract, replicas: readonly string[]) {
    super(
      `${name} takes away what code needs that does not know ${needs}, and such code runs: ${replicas.join(', ')}. Nothing was ` +
        'taken away. Replace it by a version that knows it, wait a minute, and run "stagedoor migrate" again.',
    );
    this.name = 'CodeTooOld';
  }
}

/** The replicas seen lately whose code cannot do without what the contract takes away, by name and version. */
export async function replicasWithout(read: Read, { needs }: Contract): Promise<readonly string[]> {
  const [table] = await read<{ present: boolean }>(`select to_regclass('replicas') is not null as present`);
  if (!table?.present) return [];
  // Before there was such a column, no code knew what any contract needs.
  const rows = await read<{ name: string; version: string }>(`
    select name, version from replicas
    where seen_at > now() - interval '${SEEN_WITHIN_SECONDS} seconds'
      and coalesce(to_jsonb(replicas) ->> 'newest_migration', '') < '${needs}' collate "C"
    order by name`);
  return rows.map(({ name, version }) => `${name} (version ${version})`);
}
