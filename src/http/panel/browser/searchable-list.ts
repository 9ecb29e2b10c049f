import { queryOf, read } from './api.ts';
import type { List } from './api-types.ts';
import { h, type Child } from './dom.ts';
import { listing } from './listing.ts';
import { pageHead } from './page-head.ts';
import { noteQuery, type Visit } from './router.ts';
import { searchBox } from './search-box.ts';
import type { Column } from './table.ts';

export interface SearchableListParts<Row> {
  readonly title: string;
  readonly searchLabel: string;
  /** Below the admin API. */
  readonly path: string;
  readonly columns: readonly Column<Row>[];
  /** The link to the form for another one. */
  readonly add: () => HTMLElement;
  /** What stands in place of a list without rows; `search` is empty where nothing was searched for. */
  readonly empty: (search: string) => Child;
}

/** A page with all of a kind, which can be searched; the search stands in the address. */
export function searchableList<Row>({ query, signal }: Visit, parts: SearchableListParts<Row>): HTMLElement {
  let search = query.get('search') ?? '';
  const list = listing<Row>({
    caption: parts.title,
    columns: parts.columns,
    signal,
    load: (cursor, during) => read<List<Row>>(parts.path, { query: { search, cursor }, signal: during }),
    empty: () => parts.empty(search),
  });
  const box = searchBox(parts.searchLabel, search, (text) => {
    search = text.trim();
    noteQuery(queryOf({ search }));
    void list.reload();
  });
  return h('div', {}, pageHead(parts.title, parts.add()), h('div', { class: 'filters' }, box), list.element);
}
