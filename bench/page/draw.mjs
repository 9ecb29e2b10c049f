// Charts as SVG, drawn by ECharts without a browser.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('..', import.meta.url));
const INSTALL = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/**
 * @param {object} options of ECharts
 * @param {{ width: number, height: number }} size
 * @returns {Promise<string>} the SVG
 */
export async function drawSvg(options, size) {
  const { init } = await loadEcharts();
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  chart.setOption(options);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

/** The drawing library is none of Stagedoor's packages: it is installed where it is first needed. */
async function loadEcharts() {
  if (!existsSync(new URL('../node_modules/echarts', import.meta.url)))
    execFileSync('npm', INSTALL, { cwd: FOLDER, stdio: ['ignore', 2, 2] });
  return import('echarts');
}
