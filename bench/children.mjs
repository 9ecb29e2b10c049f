// The processes of a run, ended with it however it ends, and what /proc tells of them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

const END_TIMEOUT_MS = 5000;
const TICKS_PER_SECOND = 100; // what /proc counts processor time in, on every Linux that Node runs on

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** The last resort: whatever ends this process in its ordinary ways leaves no other behind. */
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts a process that `endChildren` ends.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 */
export function startChild(file, args, options) {
  const child = spawn(file, args, options);
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', () => running.delete(child));
  return child;
}

/** Asks a process to end, and makes it where it does not. */
export async function endChild(child) {
  if (!running.has(child)) return;
  const exited = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT_MS);
  child.kill('SIGTERM');
  await exited;
  clearTimeout(timer);
}

export async function endChildren() {
  await Promise.all([...running].map(endChild));
}

/** Seconds of processor time that a process and its living children have used; undefined where there is no /proc. */
export function cpuSeconds(pid) {
  return cpuSecondsOf([pid]);
}

/** The same of several processes, each counted once. */
export function cpuSecondsOf(pids) {
  if (ticksOf(pids[0]) === undefined) return undefined;
  return families(pids).reduce((sum, pid) => sum + (ticksOf(pid) ?? 0), 0) / TICKS_PER_SECOND;
}

/** These processes and their living children. */
export function families(pids) {
  const children = (pid) => read(`/proc/${pid}/task/${pid}/children`)?.split(' ').filter(Boolean) ?? [];
  return [...new Set(pids.flatMap((pid) => [pid, ...children(pid).map(Number)]))];
}

/** Seconds of processor time that all processes of the machine have used; undefined where there is no /proc. */
export function machineCpuSeconds() {
  const [user, nice, system, , , irq, softirq] =
    /^cpu +(.*)$/m.exec(read('/proc/stat') ?? '')?.[1].split(' ') ?? [];
  if (softirq === undefined) return undefined;
  return [user, nice, system, irq, softirq].reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}

/** Resident memory in MB; undefined where there is no /proc. */
export function residentMb(pid) {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return kb === undefined ? undefined : Number(kb) / 1024;
}

/** Resident memory of these processes and their living children in MB; what they share is counted for each. */
export function residentMbOf(pids) {
  if (residentMb(pids[0]) === undefined) return undefined;
  return families(pids).reduce((sum, pid) => sum + (residentMb(pid) ?? 0), 0);
}

/** Its own time and that of children which ended: fields 14 to 17, counted behind the name, which may have spaces. */
function ticksOf(pid) {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
