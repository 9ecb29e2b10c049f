// Restarts replicas behind a real proxy under load, and looks for anything that a caller would notice: npm run drill:rolling
// docs/operations.md, "Rolling restarts", says what is checked and how to read it.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { endChildren } from '../bench/children.mjs';
import { ending } from '../bench/ending.mjs';
import { drill } from './drill/drill.mjs';
import { Findings } from './drill/findings.mjs';
import { PROXY_NAMES, requireProxy, settingsFor } from './drill/proxies.mjs';
import { setStage } from './drill/stage.mjs';

/** Of one proxy, on a busy machine: some three times what it takes. */
const LIMIT_SECONDS = { start: 120, round: 60 };
const MAX_SHOWN = 20;
const USAGE = `Usage: npm run drill:rolling -- [options]
  --proxy NAME   ${PROXY_NAMES.join(' or ')} (repeatable; default: both, one after the other)
  --rounds N     how often each replica is restarted (default 2)
  --json         print what was found as JSON
`;

const options = parseOptions();
const { leave, cleanUp, within } = ending('drill');
within(options.proxies.length * (LIMIT_SECONDS.start + options.rounds * LIMIT_SECONDS.round));
const folder = mkdtempSync(join(tmpdir(), 'stagedoor-drill-'));
chmodSync(folder, 0o755); // an nginx that root starts works under another account
let keepsFolder = false;
cleanUp(() => {
  if (!keepsFolder) rmSync(folder, { recursive: true, force: true });
});
try {
  for (const name of options.proxies) requireProxy(name, say);
  const results = [];
  for (const [index, name] of options.proxies.entries()) results.push(await drillBehind(name, index === 0));
  if (options.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  await leave(results.some(({ violations }) => violations > 0) ? 1 : 0);
} catch (error) {
  await leave(1, error.name === 'Error' ? error.message : error.stack);
}

async function drillBehind(proxyName, isFirst) {
  const startedAtMs = Date.now();
  const ends = [];
  const findings = new Findings();
  const place = { proxyName, settings: settingsFor(proxyName), folder: join(folder, proxyName) };
  mkdirSync(place.folder, { mode: 0o755 });
  const stage = await setStage({ ...place, cleanUp: (end) => ends.push(end) });
  say(`three replicas are ready behind ${proxyName}`);
  const { rounds } = options;
  const { failures, counts } = await drill(stage, { rounds, changes: isFirst, findings, say });
  const trouble = failures.length > 0 ? stage.proxy.trouble() : [];
  await endChildren();
  for (const end of ends.reverse()) await end();
  const violations = findings.violations.length;
  if (violations > 0) keepsFolder = true;
  if (!options.json) show(proxyName, findings, failures, trouble, Date.now() - startedAtMs);
  return { proxy: proxyName, violations, findings: findings.all, failures, counts };
}

function show(proxyName, findings, failures, trouble, ms) {
  for (const { at, phase, kind, what } of failures.slice(0, MAX_SHOWN))
    say(`failed at ${at.toISOString()}, while ${phase}: ${kind}: ${what}`);
  for (const line of trouble.slice(0, MAX_SHOWN)) say(`${proxyName}: ${line}`);
  const count = findings.violations.length;
  const verdict = count === 0 ? 'all holds' : `${count} violated; logs are in ${folder}`;
  say(`\n${findings}\n\nBehind ${proxyName}, in ${Math.round(ms / 1000)} s: ${verdict}\n`);
}

function parseOptions() {
  try {
    const { values } = parseArgs({
      options: {
        proxy: { type: 'string', multiple: true, default: PROXY_NAMES },
        rounds: { type: 'string', default: '2' },
        json: { type: 'boolean', default: false },
      },
    });
    if (!values.proxy.every((name) => PROXY_NAMES.includes(name))) throw new Error('There is no such proxy.');
    if (!/^[1-9]$/.test(values.rounds)) throw new Error('Rounds are 1 to 9.');
    return { proxies: values.proxy, rounds: Number(values.rounds), json: values.json };
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

function say(sentence) {
  if (options.json) process.stderr.write(`${sentence}\n`);
  else process.stdout.write(`${sentence}\n`);
}
