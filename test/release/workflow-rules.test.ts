import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { stepsOf, workflowProblems } from '../../scripts/workflows/rules.mjs';

const { scripts, engines } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  scripts: Record<string, string>;
  engines: { node: string };
};
const KNOWN = { steps: stepsOf(readFileSync('.ci/run', 'utf8')), scripts: Object.keys(scripts) };
const SHA = 'a'.repeat(40);
const RIGHT = `
on: { push: { branches: [main] } }
permissions: {}
concurrency: { group: ci }
jobs:
  check:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: { contents: read }
    steps:
      - uses: actions/checkout@${SHA} # v6.0.2
        with: { persist-credentials: false }
      - run: .ci/run check test
      - run: npm run build
  called:
    uses: ./.github/workflows/ci.yml
    permissions: { contents: read }
`;

test('a workflow as it should be has no problem', () => {
  expect(workflowProblems(RIGHT, KNOWN)).toEqual([]);
});

describe('refused is a workflow', () => {
  test.each([
    ['run on what a stranger sends', 'push: { branches: [main] }', 'pull_request_target: {}', 'triggered by'],
    ['with rights for all jobs', 'permissions: {}', 'permissions: { contents: read }', 'must be {}'],
    ['with the rights that a repository gives', 'permissions: {}', 'env: {}', 'must be {}'],
    ['that may run twice at once', 'concurrency: { group: ci }', 'env: {}', 'no concurrency group'],
    ['whose job has no limit', '    timeout-minutes: 5\n', '', 'no timeout'],
    [
      'whose job has all rights',
      '    permissions: { contents: read }\n    steps',
      '    steps',
      'its permissions',
    ],
    ['whose job reads everything', '{ contents: read }\n    steps', 'read-all\n    steps', 'its permissions'],
    ['whose machine changes', 'ubuntu-24.04', 'ubuntu-latest', 'another machine'],
    ['with an action by its tag', `@${SHA} # v6.0.2`, '@v6 # v6.0.2', 'not pinned'],
    ['with a short commit', `@${SHA}`, '@aaaaaaa', 'not pinned'],
    ['whose commit has no version', ' # v6.0.2', '', 'exact version'],
    ['whose commit has a vague version', ' # v6.0.2', ' # v6', 'exact version'],
    ['that keeps the token', 'persist-credentials: false', 'fetch-depth: 0', 'keep the token'],
    ['whose script is made of what others wrote', 'npm run build', 'echo ${{ github.ref }}', 'by env'],
    ['with a step that is not there', 'run check test', 'run check tests', 'no step tests'],
    ['with a script that is not there', 'npm run build', 'npm run built', 'no npm script built'],
    [
      'that calls one of another project by a branch',
      './.github/workflows/ci.yml',
      'a/b/c.yml@main',
      'not pinned',
    ],
  ])('%s', (_what, from, to, words) => {
    expect(RIGHT).toContain(from);
    expect(workflowProblems(RIGHT.replace(from, to), KNOWN)).toContainEqual(expect.stringContaining(words));
  });

  test('that gives one commit two versions', () => {
    const twice = RIGHT.replace(
      '      - run: npm run build',
      `      - uses: other/action@${SHA} # v1.0.0
      - uses: other/action@${SHA} # v1.0.1`,
    );
    expect(workflowProblems(twice, KNOWN)).toEqual([expect.stringContaining('both v1.0.0 and v1.0.1')]);
  });
});

test.each(readdirSync('.github/workflows'))('%s keeps the rules', (name) => {
  expect(workflowProblems(readFileSync(`.github/workflows/${name}`, 'utf8'), KNOWN)).toEqual([]);
});

test('the tests run on the oldest Node that package.json asks for', () => {
  const [, oldest] = /^>=(\d+\.\d+)$/.exec(engines.node)!;
  const matrices = [...readFileSync('.github/workflows/ci.yml', 'utf8').matchAll(/^ +node: \['([\d.]+)'/gm)];
  expect(matrices.map(([, first]) => first)).toEqual([oldest, oldest]);
});
