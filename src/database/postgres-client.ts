import Client_PG from 'knex/lib/dialects/postgres/index.js';

/**
 * What stays wrong for as long as the connection lives: a primary that became a standby, and prepared statements that a
 * migration or a pooler made useless or left behind.
 */
const SPOILT = ['25006', '26000', '42P05', '0A000'];

/**
 * Knex's client for PostgreSQL, except that a connection which cannot serve the next statement either is not used again:
 * one that did not answer in time, or one to a server that only reads. The next statement gets a new one, by which time a
 * failover has pointed the address at the new primary.
 */
export class PostgresClient extends Client_PG {
  override async _query(connection: PooledConnection, obj: object): Promise<object> {
    try {
      return await super._query(connection, obj);
    } catch (error) {
      const { code, message } = error as { code?: string; message?: string };
      // The driver's own timeout has no code; the statement may still be running there.
      if (SPOILT.includes(code ?? '') || message === 'Query read timeout')
        connection.__knex__disposed = error;
      throw error;
    }
  }
}

interface PooledConnection {
  /** What makes Knex's pool drop a connection when it is next looked at. */
  __knex__disposed?: unknown;
}
