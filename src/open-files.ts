import { readFileSync } from 'node:fs';

/** What a process opens besides the connections of its callers: the database's, the log, and the code of pages and panel. */
const OTHER_FILES = 256;
const LEAST = 64;

/** As many connections as are wanted, but such that files remain to open for everything else. Only Linux says how many there may be. */
export function mostConnections(wanted = Infinity): number {
  const limit = /^Max open files +(\d+)/m.exec(limits())?.[1];
  return limit === undefined ? wanted : Math.min(wanted, Math.max(LEAST, Number(limit) - OTHER_FILES));
}

function limits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}
