// This project's own rules for workflows of GitHub Actions, beyond what actionlint and zizmor ask for.
import { parse } from 'yaml';

/** A commit, and the version that it had when somebody looked: Dependabot keeps both. */
const PINNED = /^[\w.-]+(?:\/[\w.-]+)+@[0-9a-f]{40}$/;
const VERSION = /^v\d+\.\d+\.\d+$/;
/** What runs with the project's rights on what a stranger has sent. */
const DANGEROUS = ['pull_request_target', 'workflow_run', 'issue_comment', 'issues'];

/**
 * Everything that is wrong with a workflow, in sentences.
 * @param {string} text
 * @param {{ steps: string[], scripts: string[] }} known the steps of .ci/run and the npm scripts that there are
 * @returns {string[]}
 */
export function workflowProblems(text, known) {
  const workflow = parse(text);
  return [
    ...triggerProblems(workflow),
    ...(isEmpty(workflow.permissions) ? [] : ['permissions must be {} for all jobs: each names its own']),
    ...(workflow.concurrency?.group ? [] : ['there is no concurrency group']),
    ...Object.entries(workflow.jobs).flatMap(([name, job]) =>
      jobProblems(job, known).map((problem) => `job ${name}: ${problem}`),
    ),
    ...versionProblems(text),
  ];
}

function triggerProblems({ on }) {
  const triggers = typeof on === 'string' ? [on] : Array.isArray(on) ? on : Object.keys(on);
  return triggers.filter((name) => DANGEROUS.includes(name)).map((name) => `it is triggered by ${name}`);
}

function jobProblems(job, known) {
  const problems = [];
  if (job.permissions === undefined || typeof job.permissions === 'string')
    problems.push('it does not list its permissions');
  if (job.uses !== undefined) return [...problems, ...usesProblems(job.uses)];
  if (!(job['timeout-minutes'] > 0)) problems.push('it has no timeout');
  if (/latest/.test(job['runs-on'])) problems.push(`${job['runs-on']} is another machine every year`);
  return [...problems, ...job.steps.flatMap((step) => stepProblems(step, known))];
}

function stepProblems({ uses, run, with: inputs }, known) {
  if (uses !== undefined) {
    const keepsToken = uses.startsWith('actions/checkout@') && inputs?.['persist-credentials'] !== false;
    return [...usesProblems(uses), ...(keepsToken ? ['checkout must not keep the token'] : [])];
  }
  return [
    ...(run.includes('${{') ? ['a script is made of an expression; hand it over by env'] : []),
    ...wordsAfter(run, /\.ci\/run((?: [\w-]+)+)/g)
      .filter((step) => !known.steps.includes(step))
      .map((step) => `.ci/run has no step ${step}`),
    ...wordsAfter(run, /\bnpm run ([\w:-]+)/g)
      .filter((script) => !known.scripts.includes(script))
      .map((script) => `there is no npm script ${script}`),
  ];
}

function usesProblems(uses) {
  return uses.startsWith('./') || PINNED.test(uses) ? [] : [`${uses} is not pinned to a commit`];
}

/** The comment is all that a reader sees of a version, so one commit has one. */
function versionProblems(text) {
  const versions = new Map();
  return [...text.matchAll(/uses: ([^\s./][^\s]*)(?: # (\S+))?$/gm)].flatMap(([, uses, version = '']) => {
    if (!VERSION.test(version)) return [`${uses} needs its exact version as a comment`];
    const other = versions.get(uses) ?? version;
    versions.set(uses, version);
    return other === version ? [] : [`${uses} is both ${other} and ${version}`];
  });
}

function wordsAfter(text, pattern) {
  return [...text.matchAll(pattern)].flatMap(([, words]) => words.trim().split(' '));
}

function isEmpty(permissions) {
  return typeof permissions === 'object' && permissions !== null && Object.keys(permissions).length === 0;
}

/**
 * The steps that .ci/run knows.
 * @param {string} script
 */
export function stepsOf(script) {
  return [...script.matchAll(/^ {4}([a-z]+)\) /gm)].map(([, name]) => name);
}
