import type { Database } from './database/database.ts';
import { schemaState } from './database/schema.ts';
import type { Checks } from './http/readiness.ts';
import { SIGNING_ALGORITHMS } from './oauth/jwt.ts';
import type { Stagedoor } from './stagedoor.ts';

/** What must hold so that this process can serve: each check says true, or why not. */
export function readinessChecks({ actors, storage }: Pick<Stagedoor, 'actors' | 'storage'>): Checks {
  return {
    database: async () => {
      if (!storage.isIntact()) return 'the data folder is gone; stop the server, put it back and start again';
      if (isBusyButWell(storage.database)) return true;
      // A newer schema that this version can live with is an upgrade on its way, and the replicas that run must serve on.
      const { kind } = await schemaState(storage.database.knex);
      return kind === 'current' || (kind === 'behind' ? 'schema behind' : 'schema needs a newer version');
    },
    signingKeys: async () => {
      await Promise.all(
        SIGNING_ALGORITHMS.map((algorithm) => actors.keys.ask({ type: 'signer', algorithm })),
      );
      return true as const;
    },
    actors: () =>
      actors.guardian.exhaustedBy === undefined || `${actors.guardian.exhaustedBy} crashed too often`,
  };
}

/** A database whose statements came back this lately is there. */
const RECENT_MS = 1000;

/** A pool without a free connection would keep the check waiting; that is load, and to take the replica out of service adds to it. */
function isBusyButWell(database: Database): boolean {
  const { used, limit, waiting } = database.poolStats();
  return used >= limit && waiting > 0 && performance.now() - database.lastAnsweredAtMs() < RECENT_MS;
}
