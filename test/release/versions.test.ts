import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { namesOf, notesOf, releaseProblems } from '../../scripts/release/versions.mjs';

const FILES = ['package.json', 'package-lock.json', 'helm/stagedoor/Chart.yaml', 'Dockerfile'];
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const TAG = `v${version}`;
const CHANGELOG = `# Changelog

## [Unreleased]

## [${version}] - 2026-02-28

### Added

- Everything.

## [0.0.1] - 2026-01-01

- Nothing.
`;

let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'stagedoor-versions-'));
  for (const file of FILES) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    cpSync(resolve(file), join(project, file));
  }
  writeFileSync(join(project, 'CHANGELOG.md'), CHANGELOG);
});

afterEach(() => rmSync(project, { recursive: true }));

function change(file: string, from: string | RegExp, to: string) {
  const path = join(project, file);
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  writeFileSync(path, changed);
}

test('the files of this project agree on its version, with a tag and without', () => {
  expect(releaseProblems(resolve('.'))).toEqual([]);
  expect(releaseProblems(project, TAG)).toEqual([]);
});

describe('a release is refused where', () => {
  test.each([
    ['package-lock.json', /"version": "[^"]+"/, '"version": "9.9.9"'],
    ['package-lock.json', /("packages": \{\s+"": \{\s+"name": "stagedoor",\s+"version": ")[^"]+/, '$19.9.9'],
    ['helm/stagedoor/Chart.yaml', /^appVersion: .*$/m, 'appVersion: 9.9.9'],
    ['helm/stagedoor/Chart.yaml', /^version: .*$/m, 'version: 9.9.9'],
    ['Dockerfile', /^ARG VERSION=.*$/m, 'ARG VERSION=9.9.9'],
  ])('%s says 9.9.9 in the place of %s', (file, from, to) => {
    change(file, from, to);
    expect(releaseProblems(project)).toEqual([
      expect.stringMatching(new RegExp(`9\\.9\\.9, and the version in package.json ${version}`)),
    ]);
  });

  test('the Dockerfile names no version', () => {
    change('Dockerfile', /^ARG VERSION=.*$/m, 'ARG REVISION=none');
    expect(releaseProblems(project)).toEqual([
      expect.stringContaining("Dockerfile's ARG VERSION is undefined"),
    ]);
  });

  test.each([
    ['v9.9.9', 'the tag is v9.9.9'],
    [version, `must be v${version}`],
    [`v${version}-rc.1`, `the tag is v${version}-rc.1`],
  ])('the tag is %s', (tag, words) => {
    expect(releaseProblems(project, tag)).toEqual([expect.stringContaining(words)]);
  });

  test.each([
    [
      'an entry is left as unreleased',
      '## [Unreleased]\n',
      '## [Unreleased]\n\n- Late.\n',
      'without entries',
    ],
    ['there is no section for what comes', '## [Unreleased]\n', '', '[Unreleased]'],
    [
      'the version has no section',
      `## [${version}] - 2026-02-28`,
      '## [0.0.2] - 2026-02-28',
      'second section',
    ],
    ['the section has no day', ' - 2026-02-28', '', 'second section'],
    ['the day is none', '2026-02-28', '2026-02-30', 'a day as'],
    ['the section says nothing', '### Added\n\n- Everything.\n', '', 'and entries'],
  ])('%s', (_what, from, to, words) => {
    change('CHANGELOG.md', from, to);
    expect(releaseProblems(project, TAG)).toContainEqual(expect.stringContaining(words));
  });

  test('the version is not one that npm, Helm and image registries all take', () => {
    for (const file of FILES) change(file, new RegExp(version.replaceAll('.', '\\.'), 'g'), '1.2');
    expect(releaseProblems(project, 'v1.2')).toContainEqual(expect.stringContaining('is not of the form'));
  });
});

test('the notes of a release are its section and no other', () => {
  expect(notesOf(CHANGELOG, version)).toBe('### Added\n\n- Everything.');
  expect(() => notesOf(CHANGELOG, '7.7.7')).toThrow('no section of 7.7.7');
});

test('a release candidate is published under its own name alone', () => {
  expect(namesOf('1.2.3')).toEqual({
    version: '1.2.3',
    prerelease: false,
    npmTag: 'latest',
    imageTags: ['1.2.3', '1.2', 'latest'],
  });
  expect(namesOf('1.3.0-rc.1')).toEqual({
    version: '1.3.0-rc.1',
    prerelease: true,
    npmTag: 'next',
    imageTags: ['1.3.0-rc.1'],
  });
});
