/** Lists: a table where there is room, a card per row where there is not. */
export const tables = `.listing,
.section {
  container: list / inline-size;
}

.table {
  width: 100%;
  border-collapse: collapse;
  line-height: 1.4;
}

.table-wide {
  font-size: 0.875rem;
}

.listing > .table,
.section > .table {
  border: 1px solid var(--line);
  border-radius: 0.75rem;
  border-collapse: separate;
  border-spacing: 0;
  background: var(--card);
}

.card .listing > .table,
.card .section > .table {
  border: 0;
  border-radius: 0;
}

.table th {
  padding: 0.5rem 0.75rem;
  border-bottom: 1px solid var(--line);
  color: var(--soft);
  font-size: 0.8125rem;
  font-weight: 550;
  text-align: left;
  white-space: nowrap;
}

.table td {
  padding: 0.5rem 0.75rem;
  border-bottom: 1px solid var(--line);
  vertical-align: middle;
}

.table tbody tr:last-child td {
  border-bottom: 0;
}

.table tbody tr:hover td {
  background: var(--inset);
}

.card .table th:first-child,
.card .table td:first-child {
  padding-left: 0;
}

.card .table th:last-child,
.card .table td:last-child {
  padding-right: 0;
}

.card .table tbody tr:hover td {
  background: none;
}

.table .cell-number,
.table .cell-acts {
  text-align: right;
}

.cell-name a {
  font-weight: 600;
}

td.cell-name {
  min-width: 8rem;
}

.under {
  display: block;
  color: var(--soft);
  font-size: 0.8125rem;
  font-weight: 400;
}

.scope {
  display: -webkit-box;
  max-width: 22rem;
  overflow: hidden;
  font-size: 0.875rem;
  -webkit-box-orient: vertical;
  -webkit-line-clamp: 2;
}

time,
td code {
  white-space: nowrap;
}

[aria-busy='true'] {
  opacity: 0.7;
}

${cardsBelow('26rem', '.table')}
${cardsBelow('43rem', '.table-wide')}
`;

/** The rules for a place too narrow for this sort of table. */
function cardsBelow(width: string, table: string): string {
  return `@container list (max-width: ${width}) {
  ${table} thead {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
  }

  ${table},
  ${table} tbody,
  ${table} td {
    display: block;
  }

  ${table} tr {
    display: flex;
    flex-direction: column;
    padding: 0.625rem 0.875rem;
    border-bottom: 1px solid var(--line);
  }

  .card ${table} tr {
    padding: 0.625rem 0;
  }

  ${table} tbody tr:last-child {
    border-bottom: 0;
  }

  ${table} td,
  .card ${table} td {
    display: grid;
    grid-template-columns: 6.5rem minmax(0, 1fr);
    gap: 0.5rem;
    align-items: baseline;
    padding: 0.125rem 0;
    border: 0;
    text-align: left;
  }

  ${table} td::before {
    content: attr(data-label);
    color: var(--soft);
    font-size: 0.8125rem;
  }

  ${table} td > * {
    grid-column: 2;
    justify-self: start;
  }

  ${table} td.cell-name,
  ${table} td.cell-acts {
    display: block;
    text-align: left;
  }

  ${table} td.cell-name {
    order: -1;
    font-weight: 600;
  }

  ${table} td.cell-name::before,
  ${table} td.cell-acts::before {
    content: none;
  }

  ${table} td.cell-acts:not(:empty) {
    padding: 0.375rem 0 0.125rem;
  }

  ${table} td:empty {
    display: none;
  }
}
`;
}
