// Whether everything that names the version agrees: npm run release:check [-- vVERSION [--notes FILE] [--output FILE]]
// With a tag, CHANGELOG.md must have its section too; --notes writes that, and --output appends the names under which the
// version is published, as GitHub's workflows read them.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { namesOf, notesOf, releaseProblems } from './versions.mjs';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

try {
  const options = { notes: { type: 'string' }, output: { type: 'string' } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  check(positionals[0], values);
} catch (error) {
  process.stderr.write(`stagedoor release: ${error.message}\n`);
  process.exitCode = 1;
}

function check(tag, { notes, output }) {
  const problems = releaseProblems(PROJECT, tag);
  if (problems.length > 0) throw new Error(`not ready\n  ${problems.join('\n  ')}`);
  const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  process.stdout.write(`version ${version}: npm package, image and chart agree\n`);
  if (tag === undefined) return;
  const text = notesOf(readFileSync(join(PROJECT, 'CHANGELOG.md'), 'utf8'), version);
  process.stdout.write(`tag ${tag}: CHANGELOG.md has its section, of ${text.split('\n').length} lines\n`);
  if (notes !== undefined) writeFileSync(notes, `${text}\n`);
  if (output !== undefined) appendFileSync(output, outputOf(namesOf(version)));
}

function outputOf({ version, prerelease, npmTag, imageTags }) {
  return `version=${version}\nprerelease=${prerelease}\nnpm-tag=${npmTag}\nimage-tags=${imageTags.join(' ')}\n`;
}
