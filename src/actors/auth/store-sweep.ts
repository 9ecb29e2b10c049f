import type { Queries } from '../../database/database.ts';
import { LOCKS } from '../../database/locks.ts';
import { CodeStore } from './store-codes.ts';
import { deleteExpiredAttempts } from './store-login-attempts.ts';
import { deleteExpiredSessions } from './store-sessions.ts';

const ROWS_PER_STATEMENT = 1000;

/** The AuthActor's housekeeping, by one replica at a time and in small steps. */
export class AuthSweepStore {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** Deletes codes, sessions and counts of logins that expired before the given time, each batch in a transaction of its own. */
  async deleteExpired(before: Date): Promise<void> {
    await this.#repeat(LOCKS.codeSweep, (queries) =>
      new CodeStore(queries).deleteExpired(before, ROWS_PER_STATEMENT),
    );
    await this.#repeat(LOCKS.sessionSweep, (queries) =>
      deleteExpiredSessions(queries, before, ROWS_PER_STATEMENT),
    );
    await this.#repeat(LOCKS.loginAttemptSweep, (queries) =>
      deleteExpiredAttempts(queries, before, ROWS_PER_STATEMENT),
    );
  }

  /** A lock for each table: whoever leaves a table to another knows that it is that table the other sweeps. */
  async #repeat(lock: number, deleteSome: (queries: Queries) => Promise<number>): Promise<void> {
    for (;;) {
      const deleted = await this.#queries.exclusively(lock, 'skip', ({ query }) =>
        deleteSome({ ...this.#queries, query }),
      );
      if ((deleted ?? 0) < ROWS_PER_STATEMENT) return;
    }
  }
}
