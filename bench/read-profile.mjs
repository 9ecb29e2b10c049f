// Where the time of a CPU profile went: node bench/read-profile.mjs FILE.cpuprofile [functions shown]
import { readFileSync } from 'node:fs';

/** The first that matches the file of a function names its part of the server. */
const PARTS = [
  [
    'express and router',
    /node_modules\/(?:express|router|finalhandler|path-to-regexp|parseurl|depd|on-finished)\//,
  ],
  ['pino', /node_modules\/(?:pino|sonic-boom|thread-stream|fast-redact|safe-stable-stringify)/],
  ['nact', /node_modules\/nact\//],
  ['knex', /node_modules\/(?:knex|tarn)\//],
  ['pg', /node_modules\/(?:pg|pg-[a-z-]+|postgres-[a-z]+)\//],
  ['other packages', /node_modules\//],
  ['src/oauth', /src\/oauth\//],
  ['src/actors/runtime', /src\/actors\/runtime\//],
  ['src/actors', /src\/actors\//],
  ['src/database', /src\/database\//],
  ['src/http and middleware', /src\/(?:http|middleware)\//],
  ['node: crypto', /^node:internal\/crypto/],
  ['node: http', /^node:(?:_http|http|internal\/http)/],
  ['node: streams', /^node:internal\/(?:streams|stream_base)|^node:(?:stream|net)/],
  [
    'node: timers, ticks, async hooks',
    /^node:internal\/(?:timers|process|async_hooks|promise_hooks)|^node:(?:timers|async_hooks)/,
  ],
  ['node: buffers', /^node:(?:buffer|internal\/buffer)/],
  ['node: other', /^node:/],
];

const [file, shown = '40'] = process.argv.slice(2);
const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8'));
const byId = new Map(nodes.map((node) => [node.id, node]));
for (const node of nodes) for (const child of node.children ?? []) byId.get(child).parent = node;

const functions = new Map();
const parts = new Map();
let busy = 0;
let idle = 0;
let hasStarted = false;
samples.forEach((id, index) => {
  const node = byId.get(id);
  const name = node.callFrame.functionName || '(anonymous)';
  const microseconds = timeDeltas[index];
  const rests = name === '(idle)' || name === '(root)';
  idle = rests ? idle + microseconds : 0;
  // The start ends with the first whole second of rest, which the benchmark grants before it begins.
  hasStarted ||= idle > 1e6;
  if (rests || !hasStarted) return;
  busy += microseconds;
  add(functions, `${name} ${place(node)}`, microseconds);
  add(parts, partOf(node), microseconds);
});

print('By part of the server (native code counts for its caller)', parts, Infinity);
print('By function, its own time', functions, Number(shown));

function partOf(node) {
  const name = node.callFrame.functionName;
  if (name === '(garbage collector)') return 'garbage collector';
  if (name === '(program)') return 'program (native, outside JavaScript)';
  for (let at = node; at; at = at.parent) {
    const { url } = at.callFrame;
    const part = url && PARTS.find(([, pattern]) => pattern.test(url));
    if (part) return part[0];
  }
  return 'unknown';
}

function place({ callFrame: { url, lineNumber } }) {
  return url ? `${url.replace(/^.*\/(?=node_modules|src)/, '')}:${lineNumber + 1}` : '';
}

function add(map, key, amount) {
  map.set(key, (map.get(key) ?? 0) + amount);
}

function print(title, map, count) {
  const rows = [...map].sort(([, a], [, b]) => b - a).slice(0, count);
  const lines = rows.map(([name, time]) => `${((time / busy) * 100).toFixed(1).padStart(6)} %  ${name}`);
  process.stdout.write(`${title}; busy for ${(busy / 1e6).toFixed(1)} s\n${lines.join('\n')}\n\n`);
}
