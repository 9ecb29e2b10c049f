import { constants, fstatSync, openSync } from 'node:fs';

/**
 * Opens the pipe behind a descriptor once more, such that writes to it return at once, however full it is. The mark that makes
 * them so belongs to what was opened, not to the pipe: others who write to the first descriptor are not concerned. Undefined
 * where it is not a pipe, nobody reads it, it is another user's, or the system has no way to do so.
 */
export function openUnblocked(descriptor: number): number | undefined {
  try {
    if (!fstatSync(descriptor).isFIFO()) return undefined;
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}
