// The results of a run as one SVG.
import { summarise } from '../statistics.mjs';
import { SUBJECTS } from '../subjects/registry.mjs';
import { WORKLOADS } from '../workloads.mjs';
import { drawSvg } from './draw.mjs';

const CEILING = 'bare';
const CONNECTIONS = 64;
const BY_CONNECTIONS = ['issue', 'introspect', 'refresh'];
const WIDTH = 1100;
const BARS_TOP = 90;
const BARS_HEIGHT = 300;
const LINES_TOP = 500;
const LINES_HEIGHT = 200;
/** Those of Okabe and Ito first, which people with any colour vision tell apart; the ceiling is grey. */
const COLOURS = [
  '#8a8a8a',
  '#0072b2',
  '#56b4e9',
  '#d55e00',
  '#009e73',
  '#e69f00',
  '#cc79a7',
  '#000000',
  '#999933',
  '#882255',
];
const CEILING_LINE = { type: 'line', symbol: 'none', lineStyle: { type: 'dashed' } };
const BAR = {
  type: 'bar',
  barGap: '5%',
  label: { show: true, position: 'top', fontSize: 9, formatter: ({ value }) => value?.toFixed(2) ?? '' },
};
const TEXT = { fontFamily: 'system-ui, sans-serif' };

/**
 * @param {import('../results.mjs').Report} report
 * @returns {Promise<string>} the SVG
 */
export async function drawChart(report) {
  const options = chartOf(report);
  const height = options.grid.length > 1 ? LINES_TOP + LINES_HEIGHT + 50 : LINES_TOP - 50;
  return drawSvg(options, { width: WIDTH, height });
}

function chartOf({ machine, runs }) {
  const names = SUBJECTS.filter((name) => runs.some(({ results }) => results[name]?.rounds));
  const panels = BY_CONNECTIONS.map((workload) => ({
    workload,
    runs: runs.filter((run) => run.workload === workload).sort((a, b) => a.connections - b.connections),
  })).filter((panel) => panel.runs.length > 1);
  const parts = [
    bars(runs, names),
    ...panels.map((panel, index) => lines(panel, names, index, panels.length)),
  ];
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: TEXT,
    color: names.map((name) => COLOURS[SUBJECTS.indexOf(name)]),
    legend: { top: 34, data: names },
    title: [
      {
        text: `Throughput next to the ceiling, ${CONNECTIONS} connections`,
        left: 'center',
        top: 6,
      },
      ...parts.flatMap(({ title }) => title ?? []),
      {
        text: `Node ${machine.node}, ${machine.cores} cores`,
        right: 12,
        top: 10,
        textStyle: { fontSize: 11, fontWeight: 'normal', color: '#666666' },
      },
    ],
    grid: parts.map(({ grid }) => grid),
    xAxis: parts.map(({ xAxis }) => xAxis),
    yAxis: parts.map(({ yAxis }) => yAxis),
    series: parts.flatMap(({ series }) => series),
  };
}

/** Of each workload, how much of the ceiling a subject reaches. */
function bars(runs, names) {
  const measured = Object.keys(WORKLOADS).flatMap(
    (name) =>
      runs.find(({ workload, connections }) => workload === name && connections === CONNECTIONS) ?? [],
  );
  const shareOf = ({ results }, name) => {
    const [ceiling, subject] = [perSecond(results, CEILING), perSecond(results, name)];
    return ceiling && subject ? Number((subject / ceiling).toFixed(3)) : null;
  };
  return {
    grid: { left: 60, right: 20, top: BARS_TOP, height: BARS_HEIGHT },
    xAxis: {
      gridIndex: 0,
      type: 'category',
      data: measured.map(({ workload }) => workload),
      axisLabel: { interval: 0, formatter: (name) => name.replace('-', '-\n') },
    },
    yAxis: { gridIndex: 0, type: 'value', name: 'of the ceiling' },
    series: names.map((name) => ({
      name,
      xAxisIndex: 0,
      yAxisIndex: 0,
      data: measured.map((run) => shareOf(run, name)),
      ...(name === CEILING ? CEILING_LINE : BAR),
    })),
  };
}

/** Of one workload, how throughput goes with the number of connections. */
function lines({ workload, runs }, names, index, count) {
  const width = (WIDTH - 60) / count;
  const axis = index + 1;
  return {
    title: {
      text: `${workload}: per second, by connections`,
      left: 60 + index * width,
      top: LINES_TOP - 50,
      textStyle: { fontSize: 13 },
    },
    grid: { left: 60 + index * width, width: width - 70, top: LINES_TOP, height: LINES_HEIGHT },
    xAxis: { gridIndex: axis, type: 'category', data: runs.map(({ connections }) => String(connections)) },
    yAxis: { gridIndex: axis, type: 'value' },
    series: names.map((name) => ({
      name,
      type: 'line',
      xAxisIndex: axis,
      yAxisIndex: axis,
      data: runs.map(({ results }) => Math.round(perSecond(results, name)) || null),
    })),
  };
}

function perSecond(results, name) {
  const rounds = results[name]?.rounds;
  return rounds && summarise(rounds).perSecond;
}
