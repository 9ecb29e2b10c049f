import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/**
 * Has this process, and all that it starts from now on, leave the first core to what `putOnFirstCore` puts there. False where there is
 * but one, or no taskset.
 */
export function leaveFirstCore() {
  return availableParallelism() > 1 && pin(process.pid, '1-999');
}

/** Puts a process with all its threads on the first core. */
export function putOnFirstCore(pid) {
  pin(pid, '0');
}

function pin(pid, cores) {
  return spawnSync('taskset', ['-a', '-p', '-c', cores, String(pid)], { stdio: 'ignore' }).status === 0;
}
