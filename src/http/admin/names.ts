import { z } from 'zod';
import type { Actors } from '../../actors/actors.ts';

/** What is about a client or a user. */
export interface Involved {
  readonly clientId?: string | null;
  readonly userId?: string | null;
}

/** The names that go with the ids; null where there is no id, or nobody who has it any more. */
export const names = {
  client_name: z.string().nullable().meta({ description: 'Null: there is no such client any more' }),
  username: z.string().nullable().meta({ description: 'Null where user_id is' }),
};

export type Names = z.output<z.ZodObject<typeof names>>;

/** Looks up the names for all items at once; resolves to where they are found. */
export async function namesFor(
  { clients, auth }: Actors,
  items: readonly Involved[],
): Promise<(item: Involved) => Names> {
  const clientIds = distinct(items.map(({ clientId }) => clientId));
  const userIds = distinct(items.map(({ userId }) => userId));
  const [clientNames, usernames] = await Promise.all([
    clientIds.length > 0 ? clients.ask({ type: 'listNames', clientIds }) : [],
    userIds.length > 0 ? auth.ask({ type: 'listUsernames', userIds }) : [],
  ]);
  const byClient = new Map(clientIds.map((id, index) => [id, clientNames[index]]));
  const byUser = new Map(userIds.map((id, index) => [id, usernames[index]]));
  return ({ clientId, userId }) => ({
    client_name: byClient.get(clientId ?? '') ?? null,
    username: byUser.get(userId ?? '') ?? null,
  });
}

function distinct(ids: readonly (string | null | undefined)[]): readonly string[] {
  return [...new Set(ids.filter((id) => id !== null && id !== undefined))];
}
