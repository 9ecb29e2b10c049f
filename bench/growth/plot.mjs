// docs/images/growth.svg from the figures of a run: node bench/growth/plot.mjs draws the last one that was saved.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { drawSvg } from '../page/draw.mjs';

const RESULTS = fileURLToPath(new URL('../results/growth.json', import.meta.url));
const IMAGE = fileURLToPath(new URL('../../docs/images/growth.svg', import.meta.url));
const [WIDTH, HEIGHT] = [900, 380];
const GOAL = 1.2;

/** Draws latency and statements per request, each next to those of the smallest step. */
export async function plot(results) {
  writeFileSync(IMAGE, await drawSvg(optionOf(results), { width: WIDTH, height: HEIGHT }));
}

function optionOf({ steps }) {
  const [smallest] = steps;
  const names = Object.keys(smallest.workloads);
  const panels = [
    ['Latency (p50), smallest step = 1', 'p50Ms'],
    ['Statements per request, smallest step = 1', 'statements'],
  ];
  const sizes = steps.map(({ clients, tokens }) => `${short(clients)} clients\n${short(tokens)} tokens`);
  return {
    animation: false,
    backgroundColor: '#ffffff',
    legend: { bottom: 0, data: names },
    title: panels.map(([text], panel) => ({
      text,
      left: `${4 + panel * 50}%`,
      top: 6,
      textStyle: { fontSize: 13 },
    })),
    grid: panels.map((_, panel) => ({ left: `${6 + panel * 50}%`, width: '41%', top: 46, bottom: 84 })),
    xAxis: panels.map((_, panel) => ({
      type: 'category',
      gridIndex: panel,
      data: sizes,
      axisLabel: { interval: 0 },
    })),
    yAxis: panels.map((_, panel) => ({ type: 'value', gridIndex: panel, min: 0, max: (v) => most(v.max) })),
    series: panels.flatMap(([, key], panel) =>
      names.map((name, index) => ({
        name,
        type: 'line',
        xAxisIndex: panel,
        yAxisIndex: panel,
        data: steps.map((step) => step.workloads[name][key] / smallest.workloads[name][key]),
        ...(index === 0 && {
          markLine: {
            symbol: 'none',
            label: { formatter: `goal ${GOAL}`, position: 'insideEndTop' },
            lineStyle: { color: '#888888', type: 'dashed' },
            data: [{ yAxis: GOAL }],
          },
        }),
      })),
    ),
  };
}

function most(largest) {
  return Math.max(1.5, Math.ceil(largest * 10) / 10);
}

function short(count) {
  return count >= 1e6 ? `${count / 1e6} M` : count >= 1000 ? `${count / 1000} k` : String(count);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await plot(JSON.parse(readFileSync(RESULTS, 'utf8')));
