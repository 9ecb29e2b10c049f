/** Above every UUID: where a list begins whose ids are such. */
export const LAST_UUID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Where a list that is ordered by age goes on: after the item of that time and id. */
export interface Position {
  readonly at: Date;
  readonly id: string;
}

/** A piece of a list, the youngest first. */
export interface PageRequest {
  readonly limit: number;
  /** Null: from the beginning. */
  readonly after: Position | null;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next piece goes on; null at the end. */
  readonly next: Position | null;
}

/** What a statement binds for `(at, id) < (?, ?) … limit ?`: one more than asked for tells whether there is more. */
export function pageBindings(
  { limit, after }: PageRequest,
  lastId: string,
): readonly [Date | string, string, number] {
  return after ? [after.at, after.id, limit + 1] : ['infinity', lastId, limit + 1];
}

/** A page of rows that were fetched with pageBindings. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  { limit }: PageRequest,
  itemOf: (row: Row) => Item,
  positionOf: (item: Item) => Position,
): Page<Item> {
  const items = rows.slice(0, limit).map(itemOf);
  const last = items.at(-1);
  return { items, next: last && rows.length > limit ? positionOf(last) : null };
}
