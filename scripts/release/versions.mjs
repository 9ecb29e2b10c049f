// The version of a release: where it is written, what must agree before it goes out, and what follows from it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const VERSION = /^\d+\.\d+\.\d+(?:-[0-9a-z]+(?:\.[0-9a-z]+)*)?$/;

/**
 * Why the project in this folder cannot be released, in sentences.
 * @param {string} project
 * @param {string | undefined} tag the tag of the release; none: only what holds at any time is asked for
 * @returns {string[]}
 */
export function releaseProblems(project, tag) {
  const read = (path) => readFileSync(join(project, path), 'utf8');
  const { version } = JSON.parse(read('package.json'));
  const different = Object.entries(placesOf(read))
    .filter(([, found]) => found !== version)
    .map(([place, found]) => `${place} is ${found}, and the version in package.json ${version}`);
  return [...different, ...(tag === undefined ? [] : tagProblems(tag, version, read('CHANGELOG.md')))];
}

/** One number for the npm package, the image and the chart, so that no release replaces what another has published. */
function placesOf(read) {
  const lock = JSON.parse(read('package-lock.json'));
  const chart = parse(read('helm/stagedoor/Chart.yaml'));
  return {
    'the version in package-lock.json': lock.version,
    "the root package's version in package-lock.json": lock.packages[''].version,
    'the appVersion of the chart': String(chart.appVersion),
    'the version of the chart': String(chart.version),
    "the Dockerfile's ARG VERSION": /^ARG VERSION=(\S*)$/m.exec(read('Dockerfile'))?.[1],
  };
}

function tagProblems(tag, version, changelog) {
  const problems = [];
  if (!VERSION.test(version)) problems.push(`the version ${version} is not of the form 1.2.3 or 1.2.3-rc.1`);
  if (tag !== `v${version}`) problems.push(`the tag is ${tag}, and must be v${version}`);
  const [unreleased, latest] = sectionsOf(changelog);
  if (unreleased?.title !== '[Unreleased]' || unreleased.body !== '')
    problems.push(
      'CHANGELOG.md needs a first section [Unreleased] without entries: they belong to the release',
    );
  if (!latest?.title.startsWith(`[${version}] - `))
    problems.push(`CHANGELOG.md needs a second section "## [${version}] - YYYY-MM-DD"`);
  else if (!isDay(latest.title.split(' - ')[1]) || latest.body === '')
    problems.push(`the section of ${version} in CHANGELOG.md needs a day as YYYY-MM-DD and entries`);
  return problems;
}

/**
 * What CHANGELOG.md says of a version.
 * @param {string} changelog
 * @param {string} version
 */
export function notesOf(changelog, version) {
  const section = sectionsOf(changelog).find(({ title }) => title.startsWith(`[${version}]`));
  if (!section) throw new Error(`CHANGELOG.md has no section of ${version}`);
  return section.body;
}

/**
 * Under which names a version is published. A release candidate is nobody's default.
 * @param {string} version
 */
export function namesOf(version) {
  const isPrerelease = version.includes('-');
  const [major, minor] = version.split('.');
  return {
    version,
    prerelease: isPrerelease,
    npmTag: isPrerelease ? 'next' : 'latest',
    imageTags: isPrerelease ? [version] : [version, `${major}.${minor}`, 'latest'],
  };
}

function sectionsOf(changelog) {
  return changelog
    .split(/^## /m)
    .slice(1)
    .map((text) => {
      const [title, ...rest] = text.split('\n');
      return { title: title.trim(), body: rest.join('\n').trim() };
    });
}

function isDay(text) {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === text;
}
