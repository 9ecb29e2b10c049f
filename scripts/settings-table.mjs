/** Writes the table of settings into README.md; with --check, changes nothing and exits 1 when it differs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { settingsTable } from '../dist/src/config.js';

const path = new URL('../README.md', import.meta.url);
const before = readFileSync(path, 'utf8');
const section = /(<!-- settings -->)[^]*?(<!-- \/settings -->)/;
if (!section.test(before)) {
  console.error('README.md lacks the markers <!-- settings --> and <!-- /settings -->');
  process.exit(1);
}
const after = before.replace(section, (_, open, close) => `${open}\n\n${settingsTable()}\n\n${close}`);
if (!process.argv.includes('--check')) writeFileSync(path, after);
else if (after !== before) {
  console.error('The settings in README.md are out of date: npm run settings');
  process.exit(1);
}
