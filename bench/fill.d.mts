export interface FillCounts {
  readonly clients: number;
  readonly users: number;
  readonly tokens: number;
  readonly grants: number;
  readonly events: number;
}

/**
 * Fills a migrated database. Half of the tokens belong to one client, as they do where one service asks for most of them; one
 * user has a thousand grants. `run` runs one statement.
 */
export function fillDatabase(run: (sql: string) => Promise<unknown>, counts: FillCounts): Promise<void>;
