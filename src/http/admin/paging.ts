import { z } from 'zod';
import type { Page, PageRequest, Position } from '../../actors/paging.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/** The parameters that every list takes. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
  cursor: z
    .string()
    .max(200)
    .transform((text, context): Position => {
      const position = decodeCursor(text);
      if (position) return position;
      context.addIssue('It is no cursor of ours; take next_cursor as it came');
      return z.NEVER;
    })
    .optional()
    .meta({ description: 'The next_cursor of the page before' }),
};

/** The schema of a list. */
export function listOf<Item extends z.ZodType>(item: Item, id: string) {
  return z
    .object({
      items: z.array(item),
      next_cursor: z.string().nullable().meta({ description: 'Where the list goes on; null at its end' }),
    })
    .meta({ id });
}

/** What the query asks for, as the actors are asked. */
export function pageRequest(query: { limit: number; cursor?: Position | undefined }): PageRequest {
  return { limit: query.limit, after: query.cursor ?? null };
}

/** A page as the API answers it. */
export function listBody<Item, Shown>({ items, next }: Page<Item>, show: (item: Item) => Shown) {
  return { items: items.map(show), next_cursor: next && encodeCursor(next) };
}

function encodeCursor({ at, id }: Position): string {
  return Buffer.from(`${at.getTime()} ${id}`).toString('base64url');
}

/** Ids are client ids, UUIDs and numbers. */
const CURSOR = /^(\d{1,15}) ([A-Za-z0-9_-]{1,36})$/;

function decodeCursor(text: string): Position | undefined {
  const [, at, id] = CURSOR.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  return at === undefined || id === undefined ? undefined : { at: new Date(Number(at)), id };
}
