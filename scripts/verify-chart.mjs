// Proves the Helm chart: npm run verify:chart [-- --update | --static]
// Real helm lints and renders it for every values file in helm/stagedoor/ci; kubeconform holds the result against the schemas of
// three minor versions of Kubernetes; promtool checks its rules; and golden files show what changed. --update writes those; --static only
// asks for what needs no Helm.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';
import { missingRefusals, REFUSED } from './chart/refusals.mjs';
import { problemsOfObjects } from './chart/rules-of-pods.mjs';
import { KUBERNETES, writeSchemas } from './chart/schemas.mjs';
import { withValuesTable } from './chart/values-table.mjs';
import { goProgram, hasGo } from './go.mjs';
import { promtool, requirePrometheus } from './observability/prometheus.mjs';

const HELM = 'helm.sh/helm/v3/cmd/helm@v3.22.0';
const KUBECONFORM = 'github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0';
const CHART = fileURLToPath(new URL('../helm/stagedoor/', import.meta.url));
const GOLDEN = join(CHART, 'ci/golden');
/** Kinds whose definitions no package has that can be fetched everywhere. */
const UNKNOWN_KINDS = ['postgresql.cnpg.io/v1/Cluster'];
const isUpdate = process.argv.includes('--update');
const folder = mkdtempSync(join(tmpdir(), 'stagedoor-chart-'));
try {
  verify();
} catch (error) {
  process.stderr.write(`stagedoor chart: ${error.name === 'Error' ? error.message : error.stack}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function verify() {
  checkReadme();
  checkExamples();
  if (process.argv.includes('--static')) return say('NOT TRIED: rendering it (npm run verify:chart)');
  if (!hasGo())
    return say('NOT PROVED that it renders: helm and kubeconform are installed by Go, which is not here');
  const helm = goProgram('helm', HELM, say);
  const kubeconform = goProgram('kubeconform', KUBECONFORM, say);
  const rendered = valuesFiles().map((file) => render(helm, file));
  say(`helm lint --strict and helm template: ${rendered.map(({ name }) => name).join(', ')}`);
  insist(missingRefusals(helm, CHART, KUBERNETES[0]), 'what must be refused');
  say(`${REFUSED.length} mistakes are refused, each with a sentence that says what to set`);
  const problems = rendered.flatMap(({ name, objects }) =>
    problemsOfObjects(objects).map((problem) => `${name}: ${problem}`),
  );
  insist(problems, 'what was rendered');
  say('every pod is restricted, drains within its grace period, and names settings that the server has');
  checkSchemas(kubeconform, rendered);
  checkRules(rendered);
  checkDashboards(rendered);
  checkGolden(rendered);
}

/** Asks for nothing but Node: the README's table, and that the values are what the schema says. */
function checkReadme() {
  const path = join(CHART, 'README.md');
  const readme = readFileSync(path, 'utf8');
  const wanted = withValuesTable(readme, readFileSync(join(CHART, 'values.yaml'), 'utf8'));
  if (isUpdate) writeFileSync(path, wanted);
  else
    insist(
      readme === wanted ? [] : ['npm run verify:chart -- --update'],
      "the README's table of values is old",
    );
}

function checkExamples() {
  for (const file of valuesFiles()) parse(readFileSync(file, 'utf8'));
  const { version, appVersion } = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8'));
  const server = JSON.parse(readFileSync(join(CHART, '../../package.json'), 'utf8')).version;
  insist(
    appVersion === server ? [] : [`appVersion is ${appVersion}, and the server's version ${server}`],
    'Chart.yaml',
  );
  say(`the chart ${version} is for Stagedoor ${appVersion}; its README knows every value`);
}

function valuesFiles() {
  const files = readdirSync(join(CHART, 'ci')).filter((name) => name.endsWith('.yaml'));
  return files.sort().map((name) => join(CHART, 'ci', name));
}

function render(helm, values) {
  const name = basename(values, '.yaml');
  run(helm, ['lint', '--strict', '--quiet', '--kube-version', KUBERNETES[0], '--values', values, CHART]);
  const text = run(helm, [
    'template',
    'stagedoor',
    CHART,
    '--namespace',
    'auth',
    '--kube-version',
    KUBERNETES[0],
    '--values',
    values,
  ]);
  const notes = renderNotes(helm, values);
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, text);
  const objects = parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter(Boolean);
  return { name, text, notes, file, objects };
}

/** Helm renders the notes only for a cluster; so they become the content of an object, in a copy of the chart. */
function renderNotes(helm, values) {
  const copy = join(folder, 'chart');
  cpSync(CHART, copy, { recursive: true });
  const notes = readFileSync(join(CHART, 'templates/NOTES.txt'), 'utf8');
  const object = 'kind: Notes\napiVersion: v1\ntext: |-\n{{ include "notes" . | indent 2 }}\n';
  writeFileSync(join(copy, 'templates/notes.yaml'), `{{- define "notes" }}\n${notes}{{- end }}\n${object}`);
  rmSync(join(copy, 'templates/NOTES.txt'));
  const args = ['--namespace', 'auth', '--kube-version', KUBERNETES[0], '--values', values];
  return parse(run(helm, ['template', 'stagedoor', copy, ...args, '--show-only', 'templates/notes.yaml']))
    .text;
}

function checkSchemas(kubeconform, rendered) {
  const kinds = new Set(
    rendered.flatMap(({ objects }) => objects.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`)),
  );
  const unknown = writeSchemas(folder, kinds);
  insist(
    unknown.filter((kind) => !UNKNOWN_KINDS.includes(kind)),
    'kinds without a schema',
  );
  for (const version of KUBERNETES) {
    const location = join(folder, version, '{{.ResourceKind}}{{.KindSuffix}}.json');
    const skip = unknown.length > 0 ? ['-skip', unknown.join(',')] : [];
    const args = [
      '-strict',
      '-summary',
      '-kubernetes-version',
      version,
      '-schema-location',
      location,
      ...skip,
    ];
    const summary = run(kubeconform, [...args, ...rendered.map(({ file }) => file)]);
    say(`Kubernetes ${version}: ${summary.trim()}`);
  }
  say(`NOT PROVED by a schema: ${unknown.join(', ') || 'nothing'}`);
}

/** The unit tests of verify:observability prove the files; so the chart must give out just these. */
function checkRules(rendered) {
  requirePrometheus(say);
  const source = ['recording.yaml', 'alerts.yaml'].flatMap(
    (name) => parse(readFileSync(join(CHART, 'rules', name), 'utf8')).groups,
  );
  const rules = rendered.flatMap(({ name, objects }) =>
    objects.filter(({ kind }) => kind === 'PrometheusRule').map(({ spec }) => ({ name, spec })),
  );
  for (const { name, spec } of rules) {
    const file = join(folder, `${name}-rules.json`);
    writeFileSync(file, JSON.stringify(spec));
    promtool(['check', 'rules', file]);
  }
  insist(
    rules.some(({ spec }) => isDeepStrictEqual(spec.groups, source)) ? [] : ['they differ from rules/*.yaml'],
    'the rules',
  );
  const [{ spec }] = rules.filter(({ name }) => name === 'full');
  insist(
    JSON.stringify(spec).includes('StagedoorTokenLatencyBurnSlow"') ? ['a disabled alert is there'] : [],
    'the rules',
  );
  say(`promtool: the rules of ${rules.length} releases are valid, and those of the files`);
}

function checkDashboards(rendered) {
  const { data } = rendered
    .find(({ name }) => name === 'full')
    .objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.endsWith('-dashboards'));
  const files = readdirSync(join(CHART, 'dashboards'));
  const problems = files.filter(
    (file) => data[`stagedoor-${file}`] !== readFileSync(join(CHART, 'dashboards', file), 'utf8').trim(),
  );
  insist(
    problems.map((file) => `${file} is not as it was`),
    'the dashboards',
  );
}

function checkGolden(rendered) {
  mkdirSync(GOLDEN, { recursive: true });
  const problems = rendered.flatMap(({ name, text, notes }) => {
    const file = join(GOLDEN, `${name}.yaml`);
    const wanted = `${withoutFiles(text)}---\n# NOTES.txt\n${notes.trim().replaceAll(/^/gm, '# ').replaceAll(/ +$/gm, '')}\n`;
    if (isUpdate) writeFileSync(file, wanted);
    return read(file) === wanted ? [] : [`${name}: ${diff(file, wanted)}`];
  });
  insist(problems, 'the golden files differ; look, then: npm run verify:chart -- --update');
  say(`${rendered.length} golden files ${isUpdate ? 'written' : 'match'}`);
}

/** What is long, and proved to be what the files have. */
function withoutFiles(text) {
  return text
    .replaceAll(/^( {2}stagedoor-\w+\.json: \|-)\n(?: {4}.*\n)+/gm, '$1\n    (the file)\n')
    .replaceAll(/^( {2}groups:)\n(?: {4}.*\n|\n)+/gm, '$1\n    (the files)\n');
}

function diff(file, wanted) {
  const { stdout } = spawnSync('diff', ['-u', file, '-'], { input: wanted, encoding: 'utf8' });
  return stdout.split('\n').slice(0, 60).join('\n');
}

function run(file, args) {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
  if (status !== 0)
    throw new Error(`${basename(file)} ${args[0]} failed:\n${error?.message ?? stdout + stderr}`);
  return stdout;
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function insist(problems, what) {
  if (problems.length > 0) throw new Error(`${what}:\n  ${problems.join('\n  ')}`);
}

function say(sentence) {
  process.stdout.write(`${sentence}\n`);
}
