import { h, type Child } from './dom.ts';

export interface Column<Row> {
  readonly label: string;
  readonly cell: (row: Row) => Child;
  readonly kind?: 'number' | 'acts' | 'name';
}

export interface Table<Row> {
  readonly element: HTMLTableElement;
  readonly add: (rows: readonly Row[]) => void;
  /** Shows the new state of a row in its place, or takes it away. */
  readonly replace: (row: Row, next: Row | null) => void;
}

/** A table of more columns needs more room before it is cards. */
const WIDE = 4;

/**
 * A table that narrow screens show as a card per row. Cards are made by `display`, which costs a table its meaning for screen
 * readers, so the roles are said explicitly.
 */
export function table<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Table<Row> {
  const body = h('tbody', { role: 'rowgroup' });
  const shown = new Map<Row, HTMLTableRowElement>();
  const element = h(
    'table',
    { class: columns.length > WIDE ? 'table table-wide' : 'table', role: 'table' },
    h('caption', { class: 'unseen' }, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, columns.map(head))),
    body,
  );
  const add = (more: readonly Row[]) => {
    for (const row of more) {
      const line = lineOf(columns, row);
      shown.set(row, line);
      body.append(line);
    }
  };
  const replace = (row: Row, next: Row | null) => {
    const line = shown.get(row);
    if (!line) return;
    shown.delete(row);
    if (next === null) {
      line.remove();
      return;
    }
    const fresh = lineOf(columns, next);
    shown.set(next, fresh);
    line.replaceWith(fresh);
    // What was pressed is gone; the keyboard goes on from its row.
    fresh.tabIndex = -1;
    fresh.focus();
  };
  add(rows);
  return { element, add, replace };
}

function head<Row>({ label, kind }: Column<Row>): HTMLElement {
  const attributes = { role: 'columnheader', scope: 'col', class: kind && `cell-${kind}` };
  return h('th', attributes, kind === 'acts' ? h('span', { class: 'unseen' }, label) : label);
}

function lineOf<Row>(columns: readonly Column<Row>[], row: Row): HTMLTableRowElement {
  const cells = columns.map(({ label, kind, cell }) =>
    h('td', { role: 'cell', 'data-label': label, class: kind && `cell-${kind}` }, cell(row)),
  );
  return h('tr', { role: 'row' }, cells);
}
