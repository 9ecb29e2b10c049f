// The table of values in the chart's README, from the comments in values.yaml.
import { isMap, isScalar, parseDocument } from 'yaml';

const START = '<!-- values -->';
const END = '<!-- /values -->';

/** The README with the table that values.yaml gives. */
export function withValuesTable(readme, values) {
  const [before, rest] = readme.split(START);
  const [, after] = (rest ?? '').split(END);
  if (after === undefined) throw new Error(`the chart's README lacks ${START} or ${END}`);
  return `${before}${START}\n\n${tableOf(values)}\n\n${END}${after}`;
}

function tableOf(values) {
  const rows = rowsOf(parseDocument(values).contents, '');
  return [
    '| Value | Default | What it is |',
    '| --- | --- | --- |',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}

function rowsOf(map, prefix) {
  return map.items.flatMap(({ key, value }, index) => {
    const name = `${prefix}${key.value}`;
    // The comment above the first key belongs to the map around it, and the head of the file to none.
    const comment = key.commentBefore ?? (index === 0 && prefix !== '' ? map.commentBefore : undefined);
    const about = (comment?.split('\n\n').at(-1) ?? '')
      .replaceAll(/\s*\n\s*/g, ' ')
      .replaceAll('|', '\\|')
      .trim();
    const isGroup = isMap(value) && value.items.length > 0 && !value.flow;
    if (!isGroup) return [[`\`${name}\``, defaultOf(value), about]];
    const group = about === '' ? [] : [[`\`${name}\``, '', about]];
    return [...group, ...rowsOf(value, `${name}.`)];
  });
}

function defaultOf(value) {
  const plain = isScalar(value) ? value.value : value.toJSON();
  return plain === '' || plain === null ? '' : `\`${JSON.stringify(plain)}\``;
}
