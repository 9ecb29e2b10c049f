// A load in a process of its own: reads one job as JSON from its argument, prints one report as JSON.
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds } from '../children.mjs';
import { Callers } from './callers.mjs';

/**
 * @typedef {object} Job
 * @property {number} port
 * @property {number} pid of the server
 * @property {string} request
 * @property {number} connections
 * @property {number} rate requests a second, at random times, whatever becomes of those before; 0: each caller as fast as it can
 * @property {number} seconds
 * @property {boolean} patient whether callers keep to Retry-After
 * @property {{ connections: number, rate: number, seconds: number }} [after] an ordinary load once this one has stopped
 */

const SETTLE_MS = 500;
const WINDOW_MS = 100;

/** @type {Job} */
const job = JSON.parse(process.argv[2]);
const load = await prepare(job);
const after = job.after && (await prepare({ ...job, ...job.after, patient: false }));
const report = await load.run();
// They have stopped: what they still wait for, the server may answer or not.
if (after) report.after = await after.run();
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exit(0);

async function prepare({ port, pid, request, connections, rate, seconds, patient }) {
  const seen = { answers: [], offered: 0, sent: 0 };
  let isOver = false;
  const onAnswer = (answer) => {
    if (isOver) return;
    seen.answers.push(answer);
    if (rate === 0 && callers.call()) seen.sent += 1;
  };
  const callers = new Callers({ port, request, patient, onAnswer });
  await callers.connect(connections);
  const run = async () => {
    const startedAtMs = performance.now();
    const usedBefore = cpuSeconds(pid);
    const endAtMs = startedAtMs + seconds * 1000;
    if (rate === 0) while (callers.call()) seen.sent += 1;
    else await arrive(callers, rate, endAtMs, seen);
    await sleep(Math.max(0, endAtMs - performance.now()));
    isOver = true;
    const serverShare = (cpuSeconds(pid) - usedBefore) / seconds;
    return { ...summarize(seen, startedAtMs, seconds, callers), serverShare };
  };
  return { run };
}

/** A Poisson process: arrivals do not wait for answers. */
async function arrive(callers, rate, endAtMs, seen) {
  let nextAtMs = performance.now();
  while (nextAtMs < endAtMs) {
    const nowMs = performance.now();
    for (; nextAtMs <= nowMs; nextAtMs -= (Math.log(1 - Math.random()) / rate) * 1000) {
      seen.offered += 1;
      if (callers.call()) seen.sent += 1;
    }
    await sleep(1);
  }
}

function summarize({ answers, offered, sent }, startedAtMs, seconds, callers) {
  // The first half second fills the queues.
  const settled = answers.filter(
    ({ sentAtMs, durationMs }) => sentAtMs + durationMs - startedAtMs >= SETTLE_MS,
  );
  const span = seconds - SETTLE_MS / 1000;
  const good = settled.filter(({ status }) => status === 200);
  const shed = settled.filter(({ status }) => status === 503);
  return {
    offered: offered / seconds,
    sent: sent / seconds,
    good: { ...latency(good), perSecond: good.length / span },
    shed: { ...latency(shed), perSecond: shed.length / span },
    other: settled.length - good.length - shed.length,
    closed: callers.closed,
    windows: windows(answers, startedAtMs),
  };
}

/** By the time of sending: for how long after the start what was slow. */
function windows(answers, startedAtMs) {
  const all = [];
  for (const answer of answers) {
    const window = Math.floor((answer.sentAtMs - startedAtMs) / WINDOW_MS);
    (all[window] ??= []).push(answer);
  }
  return Array.from(all, (window = []) => ({
    bad: window.filter(({ status }) => status !== 200).length,
    ...latency(window),
  }));
}

function latency(answers) {
  const sorted = answers.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: sorted.at(-1) ?? null };
}
