// The load generator where wrk is not installed, as a process of its own: url, connections, seconds and the plan's file.
// The plan is that of wrk.lua, and so is the answer.
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

const [url, connections, seconds, planFile] = process.argv.slice(2);
const [kind, prefix, ...values] = readFileSync(planFile, 'utf8').split('\n').slice(0, -1);
let at = 0;

const request = {
  method: 'POST',
  path: new URL(url).pathname,
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  ...(values.length === 1 && kind === 'cycle'
    ? { body: prefix + values[0] }
    : { setupRequest: (next) => ({ ...next, body: prefix + nextValue() }) }),
  ...(kind === 'chain' && { onResponse: follow }),
};

const result = await autocannon({
  url,
  connections: Number(connections),
  duration: Number(seconds),
  requests: [request],
});
const { latency } = result;
const report = {
  answered: result['2xx'] + result.non2xx,
  seconds: result.duration,
  refused: result.non2xx,
  failed: result.errors,
  p50Ms: latency.p50,
  p99Ms: latency.p99,
  maxMs: latency.max,
};
process.stdout.write(`${JSON.stringify(report)}\n`);

function nextValue() {
  if (kind === 'chain') return values.shift() ?? 'none-left';
  at = (at + 1) % values.length;
  return values[at];
}

function follow(_status, body) {
  const successor = /"refresh_token":"([^"]+)"/.exec(body)?.[1];
  if (successor !== undefined) values.push(successor);
}
