import { z } from 'zod';
import type { Page, PageRequest, Position } from '../../actors/paging.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/** Years beyond are none that a database or a date of ours knows. */
const MAX_TIME_MS = Date.UTC(9999, 11, 31);

/** What the ids of a list look like: a cursor that is not made of one is none of ours. */
export const CURSOR_IDS = {
  client: /^[A-Za-z0-9_-]{22}$/,
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  number: /^\d{1,18}$/,
} as const;

/** The parameters that every list takes. */
export function pageQuery(id: keyof typeof CURSOR_IDS) {
  return {
    limit: z
      .string()
      .regex(/^(?:[1-9]\d?|1\d\d|200)$/, `It must be a whole number from 1 to ${MAX_LIMIT}`)
      .default(String(DEFAULT_LIMIT))
      .transform(Number)
      .meta({
        override: {
          type: 'integer',
          minimum: 1,
          maximum: MAX_LIMIT,
          default: DEFAULT_LIMIT,
          pattern: undefined,
        },
      }),
    cursor: z
      .string()
      .max(200)
      .transform((text, context): Position => {
        const position = decodeCursor(text, CURSOR_IDS[id]);
        if (position) return position;
        context.addIssue('It is no cursor of ours; take next_cursor as it came');
        return z.NEVER;
      })
      .optional()
      .meta({ description: 'The next_cursor of the page before' }),
  };
}

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

function decodeCursor(text: string, ids: RegExp): Position | undefined {
  const [at = '', id = '', ...more] = Buffer.from(text, 'base64url').toString().split(' ');
  const atMs = Number(at);
  const isOurs = /^\d{1,15}$/.test(at) && atMs <= MAX_TIME_MS && ids.test(id) && more.length === 0;
  return isOurs ? { at: new Date(atMs), id } : undefined;
}
