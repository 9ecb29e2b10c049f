import type { Sources } from './sources.ts';

/**
 * A UUID that sorts by the time at which it was made, in milliseconds (version 7, RFC 9562 §5.7): rows that are written one after
 * the other have neighbouring keys, so that an index of any size is written at its end. It tells when it was made, and is no secret.
 */
export function timeOrderedUuid(now: Date, randomUuid: Sources['randomUuid']): string {
  const time = now.getTime().toString(16).padStart(12, '0');
  // The variant and all random bits are where version 4 has them.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUuid().slice(15)}`;
}
