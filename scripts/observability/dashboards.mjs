// The dashboards as Grafana reads them: what they ask Prometheus for, and what is wrong with their form.
import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../../helm/stagedoor/dashboards/', import.meta.url);
const UIDS = ['stagedoor-actors', 'stagedoor-database', 'stagedoor-overview'];

/**
 * A query of a panel, an annotation or a variable.
 * @typedef {object} Query
 * @property {string} where
 * @property {string} expr with Grafana's variables replaced
 * @property {boolean} instant
 * @property {string} [label] of a variable: the label whose values it lists; expr is a selector then
 */

export function readDashboards() {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')));
}

/** Everything that is wrong, in sentences. */
export function formProblems(dashboards) {
  const uids = dashboards.map(({ uid }) => uid).sort();
  const panels = dashboards.flatMap((dashboard) => dashboard.panels.map((panel) => [dashboard.uid, panel]));
  return [
    ...(uids.join() === UIDS.join() ? [] : [`the dashboards are ${uids.join(', ')}`]),
    ...panels.flatMap(([uid, panel]) =>
      panelProblems(panel).map((problem) => `${uid}, "${panel.title}": ${problem}`),
    ),
  ];
}

function panelProblems(panel) {
  if (panel.type === 'row') return [];
  const problems = [];
  if (!panel.description) problems.push('no description');
  if (panel.datasource?.uid !== '${datasource}') problems.push('not by the data source that is chosen');
  if (panel.type !== 'table' && panel.type !== 'heatmap' && !panel.fieldConfig?.defaults?.unit)
    problems.push('no unit');
  if (!panel.targets?.length) problems.push('no query');
  for (const { expr } of panel.targets ?? []) {
    for (const selector of expr.match(/\{[^}]*\}/g) ?? ['{}']) {
      if (!selector.includes('job=~"$job"') || !selector.includes('instance=~"$instance'))
        problems.push(`${selector} is not limited to $job and $instance`);
    }
    if (/\brate\([^)]*\[(?!\$__rate_interval|5m|1h|6h|3d)/.test(expr))
      problems.push(`${expr} has a fixed rate interval`);
  }
  return problems;
}

/** @returns {Query[]} */
export function queriesOf(dashboards) {
  return dashboards.flatMap(({ uid, panels, annotations, templating }) => [
    ...panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ refId, expr, instant }) => ({
        where: `${uid}, "${panel.title}" ${refId}`,
        expr: substitute(expr),
        instant: instant === true,
      })),
    ),
    ...annotations.list
      .filter(({ expr }) => expr !== undefined)
      .map(({ name, expr }) => ({
        where: `${uid}, annotation "${name}"`,
        expr: substitute(expr),
        instant: false,
      })),
    ...templating.list
      .filter(({ type }) => type === 'query')
      .map(({ name, definition }) => {
        const [, selector, label] = /^label_values\((.*), (\w+)\)$/.exec(definition);
        return { where: `${uid}, variable ${name}`, expr: substitute(selector), instant: true, label };
      }),
  ]);
}

/** What Grafana fills in: every job, instance and actor, and four scrapes for the rate interval. */
function substitute(expr) {
  const filled = expr.replaceAll('$__rate_interval', '15s').replace(/\$(?:job|instance|actor)\b/g, '.*');
  if (filled.includes('$')) throw new Error(`an unknown variable is left in ${filled}`);
  return filled;
}
