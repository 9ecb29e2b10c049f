import type { Actors } from '../actors/actors.ts';
import type { Csrf } from '../middleware/csrf.ts';
import type { Sessions } from '../middleware/session.ts';
import type { Sources } from '../oauth/sources.ts';

/** What the pages that people see are made with. */
export interface PageParts {
  readonly actors: Actors;
  readonly sessions: Sessions;
  readonly csrf: Csrf;
  readonly issuer: string;
  readonly now: Sources['now'];
}
