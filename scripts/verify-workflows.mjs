// Proves the workflows of GitHub Actions: npm run verify:workflows
// The project's own rules, actionlint with ShellCheck, zizmor, and the published schemas of all of GitHub's files. What is not here
// and cannot be fetched is said.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { goProgram, hasGo } from './go.mjs';
import { hasPython, pythonProgram } from './python.mjs';
import { stepsOf, workflowProblems } from './workflows/rules.mjs';

const ACTIONLINT = 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12';
const ZIZMOR = 'zizmor==1.32.0';
const CHECK_JSONSCHEMA = 'check-jsonschema==0.39.0';
const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const WORKFLOWS = filesIn('.github/workflows');

try {
  verify();
} catch (error) {
  process.stderr.write(`stagedoor workflows: ${error.name === 'Error' ? error.message : error.stack}\n`);
  process.exitCode = 1;
}

function verify() {
  checkRules();
  checkScripts();
  const actionlint = provided('actionlint', 'Go', hasGo, () => goProgram('actionlint', ACTIONLINT, say));
  if (actionlint) {
    run(actionlint, WORKFLOWS);
    say(`actionlint: ${WORKFLOWS.length} workflows`);
  }
  const zizmor = provided('zizmor', 'Python', hasPython, () => pythonProgram(ZIZMOR, say));
  if (zizmor) {
    run(zizmor, ['--offline', '--no-progress', '--quiet', '--persona', 'pedantic', ...WORKFLOWS]);
    say('zizmor: no finding');
  }
  const schemas = provided('the schemas', 'Python', hasPython, () => pythonProgram(CHECK_JSONSCHEMA, say));
  if (schemas) checkSchemas(schemas);
}

/**
 * A program that another toolchain installs; undefined, and said, where it is not here or its registry does not answer. The
 * workflows themselves take no excuse.
 */
function provided(name, toolchain, isHere, install) {
  const isStrict = process.env.GITHUB_ACTIONS === 'true';
  if (!isHere()) {
    if (isStrict) throw new Error(`${name} needs ${toolchain}`);
    say(`NOT PROVED by ${name}, which is installed by ${toolchain}, which is not here`);
    return undefined;
  }
  try {
    return install();
  } catch (error) {
    if (isStrict) throw error;
    say(`NOT PROVED by ${name}, which ${toolchain} could not install: ${error.message.split('\n', 1)[0]}`);
    return undefined;
  }
}

function checkRules() {
  const steps = stepsOf(read('.ci/run'));
  const scripts = Object.keys(JSON.parse(read('package.json')).scripts);
  const problems = WORKFLOWS.flatMap((file) =>
    workflowProblems(read(file), { steps, scripts }).map((problem) => `${file}: ${problem}`),
  );
  if (problems.length > 0) throw new Error(`the workflows:\n  ${problems.join('\n  ')}`);
  say(
    `${WORKFLOWS.length} workflows: every action pinned, every job with its rights and limit, every step known`,
  );
}

function checkScripts() {
  if (spawnSync('shellcheck', ['--version'], { stdio: 'ignore' }).status !== 0)
    return say('NOT PROVED by ShellCheck, which is not here (Debian: apt-get install shellcheck)');
  run('shellcheck', ['.ci/run']);
  say('ShellCheck: .ci/run, and by actionlint what the workflows run');
}

function checkSchemas(program) {
  const forms = filesIn('.github/ISSUE_TEMPLATE');
  const config = '.github/ISSUE_TEMPLATE/config.yml';
  const kinds = {
    'github-workflows': WORKFLOWS,
    dependabot: ['.github/dependabot.yml'],
    'github-issue-config': forms.filter((file) => file === config),
    'github-issue-forms': forms.filter((file) => file !== config),
  };
  for (const [schema, files] of Object.entries(kinds))
    if (files.length > 0) run(program, ['--builtin-schema', `vendor.${schema}`, ...files]);
  say(`schemas: ${Object.values(kinds).flat().length} files of .github are what GitHub reads`);
}

function filesIn(folder) {
  if (!existsSync(join(PROJECT, folder))) return [];
  const names = readdirSync(join(PROJECT, folder)).filter((name) => /\.ya?ml$/.test(name));
  return names.sort().map((name) => `${folder}/${name}`);
}

function read(path) {
  return readFileSync(join(PROJECT, path), 'utf8');
}

function run(file, args) {
  const { status, stdout, stderr, error } = spawnSync(file, args, { cwd: PROJECT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} has found:\n${error?.message ?? stdout + stderr}`);
}

function say(sentence) {
  process.stdout.write(`${sentence}\n`);
}
