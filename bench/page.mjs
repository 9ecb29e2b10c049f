// Writes the results of bench/results/NAME.json into docs/benchmarks.md and docs/images/benchmarks.svg:
//   node bench/page.mjs NAME
import { readFileSync, writeFileSync } from 'node:fs';
import { drawChart } from './page/chart.mjs';
import { markdown } from './page/tables.mjs';
import { readResults } from './results.mjs';

const PAGE = new URL('../docs/benchmarks.md', import.meta.url);
const CHART = new URL('../docs/images/benchmarks.svg', import.meta.url);
const MARKERS = /(<!-- results:begin -->\n)[^]*(<!-- results:end -->)/;

const [name] = process.argv.slice(2);
if (name === undefined) {
  process.stderr.write('Usage: node bench/page.mjs NAME, after npm run bench -- --save NAME\n');
  process.exit(2);
}
const report = readResults(name);
writeFileSync(CHART, await drawChart(report));
const page = readFileSync(PAGE, 'utf8');
writeFileSync(
  PAGE,
  page.replace(MARKERS, (_all, begin, end) => `${begin}\n${markdown(report)}\n${end}`),
);
