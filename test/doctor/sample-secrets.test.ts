import { expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isSample, passwordWeakness, SAMPLE_SECRETS, weaknessOf } from '../../src/doctor/sample-secrets.ts';
import { SeededRandom } from '../support/random.ts';

/** Where people copy from: documentation, values, compose files, scripts, benchmarks and tests. */
const PLACES = [
  'README.md',
  'docs',
  'deploy',
  'docker-compose.yml',
  '.env.example',
  'Dockerfile',
  'helm/stagedoor',
  'scripts',
  'bench',
  'test/support',
];

const SETTING =
  /(?:OAUTH2_(?:SECRET|ADMIN_PASSWORD|REGISTRATION_TOKEN)|\badminPassword|\bregistrationToken|\bsecret|\bpassword)['"]?[ \t]*[:=][ \t]*['"]?([^\s'"{}$<>,()|`#][^'"{}<>,()|`\n]{10,71})(?=['"},]|$)/gm;

/** What is named like a secret and is the name of one. */
const NAMES = new Set([
  // a key of the Secret in the values
  'registration-token',
  'admin-password',
]);

function samplesIn(path: string): readonly string[] {
  const text = readFileSync(path, 'utf8');
  return [...text.matchAll(SETTING)]
    .map(([, value = '']) => value.trim())
    .filter((value) => !NAMES.has(value) && !/^\w+(?:\.\w+)+|;$/.test(value));
}

function files(): readonly string[] {
  return (
    PLACES.filter((place) => existsSync(place))
      .flatMap((place) => (statSync(place).isDirectory() ? filesBelow(place) : [place]))
      // Golden files are what becomes of the values.
      .filter((name) => !name.includes('/golden/'))
      .filter((name) => /\.(?:md|ya?ml|tpl|txt|json|mjs|ts|example)$|Dockerfile$/.test(name))
  );
}

function filesBelow(folder: string): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => name !== 'node_modules');
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

test('every sample of a secret in what people copy from is known', () => {
  const found = files().flatMap((file) => samplesIn(file).map((sample) => ({ file, sample })));
  expect(found.length).toBeGreaterThan(3);
  expect(found.filter(({ sample }) => !isSample(sample) && weaknessOf(sample)?.isFatal !== true)).toEqual([]);
});

test('every sample is refused, however it is written', () => {
  for (const sample of SAMPLE_SECRETS)
    for (const written of [sample, sample.toUpperCase(), ` ${sample} `])
      expect(weaknessOf(written)).toMatchObject({ isFatal: true });
});

test('what chance makes is not found weak', () => {
  const random = new SeededRandom(20261127);
  for (let round = 0; round < 2000; round += 1) {
    const bytes = random.bytes(32);
    for (const secret of [
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      bytes.toString('hex').slice(0, 32),
    ])
      expect([secret, weaknessOf(secret)]).toEqual([secret, undefined]);
    expect(passwordWeakness(bytes.toString('base64url').slice(0, 16), 'admin')).toBeUndefined();
  }
});
