// The load generator where wrk is not installed, as a process of its own: url, connections, seconds and the file of the plan
// (plan.mjs says what it is). What it prints is what wrk.lua does.
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

const [url, connections, seconds, planFile] = process.argv.slice(2);
const { kinds, captures, schedule } = JSON.parse(readFileSync(planFile, 'utf8'));
const byName = new Map(kinds.map((kind) => [kind.name, { ...kind, waiting: [...kind.values], at: 0 }]));
const atOnce = kinds.filter(({ weight }) => weight === 0).map(({ name }) => byName.get(name));
const sent = zeros(kinds);
const caught = zeros(captures);
let turn = 0;

const result = await autocannon({
  url,
  connections: Number(connections),
  duration: Number(seconds),
  requests: [{ setupRequest: next, ...(captures.length > 0 && { onResponse: capture }) }],
});
const { latency, errors } = result;
const refused = result['4xx'] + result['5xx'];
const report = {
  answered: result['1xx'] + result['2xx'] + result['3xx'] + refused,
  seconds: result.duration,
  refused,
  failed: errors,
  p50Ms: latency.p50,
  p99Ms: latency.p99,
  maxMs: latency.max,
  sent,
  caught,
};
process.stdout.write(`${JSON.stringify(report)}\n`);

function next() {
  const kind =
    atOnce.find(({ waiting }) => waiting.length > 0) ?? byName.get(schedule[turn++ % schedule.length]);
  sent[kind.name] += 1;
  const headers = kind.cookie === '' ? {} : { cookie: kind.cookie };
  if (kind.method === 'GET') return { method: 'GET', path: kind.path, headers };
  return {
    method: 'POST',
    path: kind.path,
    headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: kind.prefix + nextValue(kind),
  };
}

function nextValue(kind) {
  if (kind.use === 'once') return kind.waiting.shift() ?? 'none-left';
  kind.at = (kind.at + 1) % kind.values.length;
  return kind.values[kind.at];
}

function capture(_status, body, _context, headers) {
  for (const { name, from, after, until, into } of captures) {
    const text = from === 'body' ? body : (headers.location ?? headers.Location ?? '');
    const start = text.indexOf(after);
    if (start === -1) continue;
    caught[name] += 1;
    const end = text.indexOf(until, start + after.length);
    byName.get(into)?.waiting.push(text.slice(start + after.length, end === -1 ? undefined : end));
  }
}

function zeros(named) {
  return Object.fromEntries(named.map(({ name }) => [name, 0]));
}
