import { randomBytes, randomUUID } from 'node:crypto';
import type { Sources } from './oauth/sources.ts';

/** The machine's clock and its randomness. */
export const systemSources: Sources = {
  now: () => new Date(),
  randomBytes: (size) => randomBytes(size),
  randomUuid: () => randomUUID(),
};
