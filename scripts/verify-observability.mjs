// Proves the dashboards and rules of the chart: npm run verify:observability
// A real Prometheus scrapes a real server on a real PostgreSQL under load, loads the rules as they are shipped, and answers
// every query of every panel and rule. Then the database is killed, and the alerts must notice.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ending } from '../bench/ending.mjs';
import { startStagedoor } from '../bench/subjects/stagedoor.mjs';
import { startPostgres } from './embedded-postgres.mjs';
import { formProblems, queriesOf, readDashboards } from './observability/dashboards.mjs';
import { startLoad } from './observability/load.mjs';
import { MAY_BE_EMPTY } from './observability/may-be-empty.mjs';
import { promtool, requirePrometheus, startPrometheus } from './observability/prometheus.mjs';

const RULES = fileURLToPath(new URL('../helm/stagedoor/rules/', import.meta.url));
const RUNBOOKS = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8');
const LOAD_SECONDS = 25;
const ALERT_SECONDS = 40;
const LIMIT_SECONDS = 115;
/** What a database that was killed under load must raise, pending at least: their patience (`for`) is minutes. */
const RAISED = ['StagedoorTokenAvailabilityBurnFast', 'StagedoorDatabaseFailing'];

const { leave, cleanUp, within } = ending('observability');
try {
  requirePrometheus(say);
  within(LIMIT_SECONDS);
  await verify();
  await leave(0);
} catch (error) {
  await leave(1, error.name === 'Error' ? error.message : error.stack);
}

async function verify() {
  const ruleFiles = checkRuleFiles();
  const dashboards = readDashboards();
  const queries = queriesOf(dashboards);
  insist(formProblems(dashboards), 'the dashboards');
  say(
    `${dashboards.length} dashboards with ${queries.length} queries, all limited to job and instance, every panel described`,
  );

  const { postgres, prometheus, load } = await start(ruleFiles);
  const rules = await prometheus.rules();
  insist(ruleProblems(rules), 'the rules');
  await sleep(LOAD_SECONDS * 1000);
  say(`load for ${LOAD_SECONDS} s: the token endpoint answered ${describe(load.answers)}`);

  const asked = [...queries, ...rules.flatMap(queriesOfRule)];
  const empty = await askAll(prometheus, asked, MAY_BE_EMPTY);
  say(
    `${asked.length} queries of panels, variables, annotations and rules: all parse, and have data but for ${empty.length}:`,
  );
  for (const { where, why } of empty) say(`  ${where}: ${why}`);
  const alerts = await prometheus.alerts();
  const early = alerts.filter(({ labels }) => RAISED.includes(labels.alertname));
  insist(
    early.map(({ labels }) => `${labels.alertname} was raised before the database was killed`),
    'the alerts',
  );
  await sayUnused(prometheus, asked);

  kill(postgres);
  say('killed PostgreSQL under load');
  await untilRaised(prometheus);
  say(`by now the token endpoint has answered ${describe(load.answers)}`);
  const excused = MAY_BE_EMPTY.filter(({ untilTheDatabaseIsAway }) => !untilTheDatabaseIsAway);
  const rest = await askAll(
    prometheus,
    empty.map(({ query }) => query),
    excused,
  );
  say(
    `of the ${empty.length} queries without data, ${empty.length - rest.length} have some now; all is proved`,
  );
}

function checkRuleFiles() {
  const files = yamlFiles(RULES);
  const tests = yamlFiles(join(RULES, 'tests'));
  promtool(['check', 'rules', ...files]);
  promtool(['test', 'rules', ...tests]);
  say(`promtool: ${files.length} rule files are valid, ${tests.length} files of unit tests pass`);
  return files;
}

/** Starts everything, to be ended in the opposite order. */
async function start(ruleFiles) {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-observability-'));
  cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  // Shared memory in files of its own folder: a server that is killed cannot remove what lies elsewhere.
  const postgres = await startPostgres({ settings: { dynamic_shared_memory_type: 'mmap' } });
  cleanUp(() => postgres.stop());
  const stagedoor = await startStagedoor({ databaseUrl: postgres.url, folder });
  cleanUp(() => stagedoor.stop());
  const prometheus = await startPrometheus(folder, new URL(stagedoor.base).host, ruleFiles);
  cleanUp(() => prometheus.stop());
  const load = await startLoad(stagedoor);
  cleanUp(() => load.stop());
  say('PostgreSQL, Stagedoor, Prometheus and the load are running');
  return { postgres, prometheus, load };
}

/** Everything that is wrong with the rules, as Prometheus has loaded them. */
function ruleProblems(rules) {
  const tests = yamlFiles(join(RULES, 'tests'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const alerts = rules.filter(({ type }) => type === 'alerting');
  return alerts.flatMap(({ name, labels, annotations }) => {
    const problems = [];
    if (!labels.severity) problems.push('has no severity');
    if (!annotations.summary || !annotations.description) problems.push('does not say what is wrong');
    if (!annotations.runbook_url?.endsWith(`/docs/operations.md#${name.toLowerCase()}`))
      problems.push('links no runbook');
    if (!RUNBOOKS.includes(`\n### ${name}\n`)) problems.push('has no runbook in docs/operations.md');
    if (!new RegExp(`alertname: ${name}\\s+exp_alerts:\\s+- `).test(tests))
      problems.push('fires in no unit test');
    if (!new RegExp(`alertname: ${name}, exp_alerts: \\[\\]`).test(tests))
      problems.push('is silent in no unit test');
    return problems.map((problem) => `${name} ${problem}`);
  });
}

/** A recording rule must record. An alert is silent on a healthy server, but what it watches must exist. */
function queriesOfRule({ type, name, query }) {
  if (type === 'recording') return [{ where: `rule ${name}`, expr: query, instant: true }];
  const selectors = new Set(query.match(/\b(?:oauth2_server_|nodejs_|process_|job:)[\w:]*(?:\{[^}]*\})?/g));
  return [
    { where: `alert ${name}`, expr: query, instant: true, parsesOnly: true },
    ...[...selectors].map((expr) => ({ where: `alert ${name}, what it watches`, expr, instant: true })),
  ];
}

/** Asks Prometheus everything. Throws where a query does not work, or has no data and no excuse; resolves to those that have one. */
async function askAll(prometheus, queries, mayBeEmpty) {
  const problems = [];
  const empty = [];
  for (const query of queries) {
    try {
      if ((await hasData(prometheus, query)) || query.parsesOnly) continue;
    } catch (error) {
      problems.push(`${query.where} does not work: ${error.message}\n    ${query.expr}`);
      continue;
    }
    const exception = mayBeEmpty.find(({ query: part }) => query.expr.includes(part));
    if (exception) empty.push({ query, where: query.where, why: exception.why });
    else problems.push(`${query.where} has no data:\n    ${query.expr}`);
  }
  insist(problems, 'the queries');
  return empty;
}

async function hasData(prometheus, { expr, instant, label }) {
  if (label !== undefined) return (await prometheus.labelValues(expr, label)).length > 0;
  // A zero that a panel shows where there is nothing is no data.
  const real = expr.replace(/ or vector\(0\)$/, '');
  const values = instant ? await prometheus.query(real) : await prometheus.queryRange(real, 15);
  return values.length > 0;
}

/** Not a fault, but worth knowing: what the server measures and nothing shows. */
async function sayUnused(prometheus, queries) {
  const text = queries.map(({ expr }) => expr).join('\n');
  const names = await prometheus.names('{__name__=~"oauth2_server_.*"}');
  const shown = (name) =>
    new RegExp(`\\b${name.replace(/_(?:bucket|sum|count)$/, '')}(?:_bucket|_sum|_count)?\\b`).test(text);
  const unused = names.filter((name) => !shown(name));
  say(
    unused.length === 0
      ? 'every oauth2_server_ metric is on a dashboard or in a rule'
      : `shown nowhere: ${unused.join(', ')}`,
  );
}

/** Kills the server, and removes what only it could have removed: the shared memory that line 7 of postmaster.pid names. */
function kill({ pid }) {
  const segment = process.platform === 'linux' ? sharedMemoryOf(pid) : undefined;
  process.kill(pid, 'SIGKILL');
  if (segment !== undefined) cleanUp(() => spawnSync('ipcrm', ['-m', segment], { stdio: 'ignore' }));
}

function sharedMemoryOf(pid) {
  const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const folder = args[args.indexOf('-D') + 1];
  return readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[6]?.trim().split(/\s+/)[1];
}

async function untilRaised(prometheus) {
  const startedAtMs = Date.now();
  const missing = new Set(RAISED);
  while (missing.size > 0) {
    const seconds = Math.round((Date.now() - startedAtMs) / 1000);
    if (seconds > ALERT_SECONDS)
      throw new Error(`${[...missing].join(' and ')} did not come within ${ALERT_SECONDS} s`);
    for (const { labels, state } of await prometheus.alerts()) {
      if (missing.delete(labels.alertname)) say(`${labels.alertname} is ${state} after ${seconds} s`);
    }
    await sleep(500);
  }
}

function describe(answers) {
  return [...answers]
    .sort()
    .map(([status, count]) => `${status} ${count} times`)
    .join(', ');
}

function yamlFiles(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(folder, name));
}

/** Nothing may be wrong. */
function insist(problems, what) {
  if (problems.length > 0) throw new Error(`${what}:\n  ${problems.join('\n  ')}`);
}

/** Ends what was started, the youngest first, and then this process. */
function say(sentence) {
  process.stdout.write(`${sentence}\n`);
}
