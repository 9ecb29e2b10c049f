import type { List } from './api-types.ts';
import { murmur } from './announce.ts';
import { fill, h, type Child } from './dom.ts';
import { failure, placeholder } from './section.ts';
import { table, type Column, type Table } from './table.ts';
import { words } from './words.ts';

export interface ListingParts<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly signal: AbortSignal;
  readonly load: (cursor: string | null, signal: AbortSignal) => Promise<List<Row>>;
  readonly empty: () => Child;
}

export interface Listing<Row> {
  readonly element: HTMLElement;
  /** Begins again from the first page, with what is asked for now. */
  readonly reload: () => Promise<void>;
  readonly replace: (row: Row, next: Row | null) => void;
}

/** A list that is loaded page by page. */
export function listing<Row>(parts: ListingParts<Row>): Listing<Row> {
  const element = h('div', { class: 'listing' }, placeholder());
  let shown: Table<Row> | undefined;
  let count = 0;
  let latest = new AbortController();

  const addPage = ({ items, next_cursor }: List<Row>) => {
    count += items.length;
    shown?.add(items);
    if (next_cursor !== null) element.append(moreButton(next_cursor));
  };
  const moreButton = (cursor: string): HTMLElement => {
    const button = h('button', { type: 'button', class: 'button button-quiet more' }, words.list.more);
    button.addEventListener('click', () => {
      button.disabled = true;
      const { signal } = latest;
      parts.load(cursor, signal).then(
        (page) => {
          button.remove();
          addPage(page);
          murmur(words.list.added(page.items.length, count));
          element.querySelector<HTMLElement>('.more')?.focus();
        },
        (error: unknown) => {
          if (!signal.aborted) button.replaceWith(failure(error, () => element.append(moreButton(cursor))));
        },
      );
    });
    return button;
  };
  const reload = async () => {
    latest.abort();
    latest = new AbortController();
    const signal = AbortSignal.any([latest.signal, parts.signal]);
    element.setAttribute('aria-busy', 'true');
    try {
      const page = await parts.load(null, signal);
      if (signal.aborted) return;
      count = 0;
      shown = table(parts.caption, parts.columns, []);
      fill(element, page.items.length > 0 ? shown.element : h('div', { class: 'empty' }, parts.empty()));
      addPage(page);
      murmur(words.list.found(count, page.next_cursor !== null));
    } catch (error) {
      if (!signal.aborted)
        fill(
          element,
          failure(error, () => void reload()),
        );
    }
    if (!signal.aborted) element.removeAttribute('aria-busy');
  };
  void reload();
  return { element, reload, replace: (row, next) => shown?.replace(row, next) };
}
