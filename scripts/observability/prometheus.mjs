// A throw-away Prometheus from Debian's package, and promtool.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endChild, startChild } from '../../bench/children.mjs';
import { requirePrograms } from '../programs.mjs';
import { freePort } from '../free-port.mjs';

const START_TIMEOUT_MS = 15_000;

/** Makes sure that prometheus and promtool can be run; throws a sentence that says what to install where they cannot. */
export function requirePrometheus(say) {
  requirePrograms(['prometheus', 'promtool'], 'prometheus', say);
}

/** Runs promtool; throws what it says where it is not content. */
export function promtool(args) {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`promtool ${args.slice(0, 2).join(' ')} failed:\n${error?.message ?? stdout + stderr}`);
  return stdout;
}

/** Starts a Prometheus that scrapes the target and evaluates the rules every second. */
export async function startPrometheus(folder, target, ruleFiles) {
  const config = join(folder, 'prometheus.json'); // JSON is YAML
  const every = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };
  const job = { job_name: 'stagedoor', static_configs: [{ targets: [target] }] };
  writeFileSync(config, JSON.stringify({ global: every, rule_files: ruleFiles, scrape_configs: [job] }));
  promtool(['check', 'config', config]);
  const address = `127.0.0.1:${await freePort()}`;
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'tsdb')}`,
    `--web.listen-address=${address}`,
    '--log.level=warn',
  ];
  const child = startChild('prometheus', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (log += text));
  const end = Date.now() + START_TIMEOUT_MS;
  while (!(await isReady(address))) {
    if (child.exitCode !== null || Date.now() > end) throw new Error(`Prometheus did not start:\n${log}`);
    await sleep(100);
  }
  return { ...api(`http://${address}/api/v1`), stop: () => endChild(child) };
}

/** Prometheus's HTTP API, as far as it is needed. All times in seconds since the epoch. */
function api(base) {
  const call = async (path, form) => {
    const init = form && { method: 'POST', body: new URLSearchParams(form) };
    const answer = await (await fetch(`${base}/${path}`, init)).json();
    if (answer.status !== 'success') throw new Error(answer.error);
    return answer.data;
  };
  return {
    /** The values of a query now. */
    query: async (query) => valuesOf(await call('query', { query })),
    /** The values of a query in the last so many seconds. */
    queryRange: async (query, seconds) => {
      const now = Date.now() / 1000;
      return valuesOf(await call('query_range', { query, start: now - seconds, end: now, step: 1 }));
    },
    labelValues: (selector, label) =>
      call(`label/${label}/values?${new URLSearchParams({ 'match[]': selector })}`),
    names: (selector) => call(`label/__name__/values?${new URLSearchParams({ 'match[]': selector })}`),
    rules: async () => (await call('rules')).groups.flatMap((group) => group.rules),
    alerts: async () => (await call('alerts')).alerts,
  };
}

/** All that is a number: a series of NaN is a panel without a line. */
function valuesOf({ resultType, result }) {
  const samples =
    resultType === 'scalar' ? [result] : result.flatMap((series) => series.values ?? [series.value]);
  return samples
    .map(([, value]) => Number(value.replace('Inf', 'Infinity')))
    .filter((value) => !Number.isNaN(value));
}

async function isReady(address) {
  try {
    return (await fetch(`http://${address}/-/ready`)).ok;
  } catch {
    return false;
  }
}
