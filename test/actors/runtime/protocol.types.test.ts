import { expect, test } from '@jest/globals';
import { spawnActor } from '../../../src/actors/runtime/actor.ts';
import type { ActorDefinition } from '../../../src/actors/runtime/definition.ts';
import type { ActorRef, Handlers, MessageOf } from '../../../src/actors/runtime/protocol.ts';
import { routeByKey } from '../../../src/actors/runtime/route-by-key.ts';
import { newGuardian } from '../../support/actors.ts';

/*
 * What must not compile. `npm run check` fails if one of these lines does: an expected error that does not come is an error.
 * None of it runs, except the last test.
 */

type Shelf =
  | { readonly type: 'put'; readonly key: string; readonly value: number }
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'clear' };
interface ShelfReplies {
  readonly put: void;
  readonly get: number | undefined;
  readonly clear: { readonly removed: number };
}
type ShelfRef = ActorRef<Shelf, ShelfReplies>;
type ShelfHandlers = Handlers<Shelf, ShelfReplies>;

const limits = { mailboxLimit: 10, concurrency: 10, askTimeoutMs: 1000 };

function behave(): ShelfHandlers {
  const values = new Map<string, number>();
  return {
    put: ({ key, value }) => {
      values.set(key, value);
    },
    get: async ({ key }) => values.get(key),
    clear: () => {
      const removed = values.size;
      values.clear();
      return { removed };
    },
  };
}

function _asksThatDoNotCompile(ref: ShelfRef): void {
  // @ts-expect-error an unknown type of message
  void ref.ask({ type: 'steal', key: 'a' });
  // @ts-expect-error a field is missing
  void ref.ask({ type: 'put', key: 'a' });
  // @ts-expect-error a field has the wrong type
  void ref.ask({ type: 'put', key: 'a', value: 'one' });
  // @ts-expect-error a field of another message
  void ref.ask({ type: 'get', key: 'a', value: 1 });
  // @ts-expect-error no type at all
  void ref.ask({ key: 'a' });
  // @ts-expect-error the time is a number of milliseconds
  void ref.ask({ type: 'clear' }, { timeoutMs: '1s' });
  // @ts-expect-error an unknown type, told
  ref.tell({ type: 'steal' });
  // @ts-expect-error a missing field, told
  ref.tell({ type: 'put', key: 'a' });
}

async function _repliesThatDoNotCompile(ref: ShelfRef): Promise<void> {
  // @ts-expect-error the reply may be undefined
  const _value: number = await ref.ask({ type: 'get', key: 'a' });
  // @ts-expect-error the reply of another message
  const _other: number | undefined = await ref.ask({ type: 'clear' });
  // @ts-expect-error a field that the reply does not have
  const _field: number = (await ref.ask({ type: 'clear' })).kept;
  const _right: [number | undefined, number] = [
    await ref.ask({ type: 'get', key: 'a' }),
    (await ref.ask({ type: 'clear' })).removed,
  ];
}

function _handlersThatDoNotCompile({ put, get, clear }: ShelfHandlers): void {
  // @ts-expect-error a handler is missing
  const _missing: ShelfHandlers = { put, get };
  // @ts-expect-error a handler for no message
  const _extra: ShelfHandlers = { put, get, clear, steal: () => undefined };
  // @ts-expect-error a reply of the wrong type
  const _wrongReply: ShelfHandlers = { put, clear, get: () => 'one' };
  // @ts-expect-error a promise of the wrong type
  const _wrongPromise: ShelfHandlers = { put, clear, get: async () => 'one' };
  // @ts-expect-error an incomplete reply
  const _incomplete: ShelfHandlers = { put, get, clear: () => ({}) };
  // @ts-expect-error a handler that reads what its message does not have
  const _reads: ShelfHandlers = { put, get: ({ value }) => value, clear };
  const _changes: ShelfHandlers = {
    put: (message) => {
      // @ts-expect-error messages are read-only
      message.value = 2;
    },
    get,
    clear,
  };
}

function _actorsThatDoNotCompile(definition: ActorDefinition<Shelf, ShelfReplies>, ref: ShelfRef): void {
  // @ts-expect-error behave must make all handlers
  spawnActor<Shelf, ShelfReplies>({ ...definition, behave: () => ({ get: () => 1 }) });
  // @ts-expect-error a timer sends messages of the protocol
  spawnActor<Shelf, ShelfReplies>({ ...definition, timers: [{ everyMs: 1, message: { type: 'steal' } }] });
  // @ts-expect-error an actor needs its bounds
  spawnActor<Shelf, ShelfReplies>({ name: 'shelf', guardian: newGuardian(), behave });
  // @ts-expect-error the replies leave out a message
  const _replies: ActorRef<Shelf, Pick<ShelfReplies, 'put' | 'get'>> = ref;
  // @ts-expect-error no instance at all
  routeByKey<Shelf, ShelfReplies>([], () => '');
  // @ts-expect-error not each message has a key
  routeByKey([ref, ref], (message) => message.key);
  // @ts-expect-error an actor of another protocol
  const _cast: ActorRef<MessageOf<Shelf, 'get'>, { get: string }> = ref;
}

test('what the types promise is what is answered', async () => {
  const shelf = spawnActor<Shelf, ShelfReplies>({ name: 'shelf', guardian: newGuardian(), limits, behave });
  await shelf.ask({ type: 'put', key: 'a', value: 1 });
  expect(await shelf.ask({ type: 'get', key: 'a' })).toBe(1);
  expect(await shelf.ask({ type: 'clear' })).toEqual({ removed: 1 });
  expect(await shelf.ask({ type: 'get', key: 'a' })).toBeUndefined();
});
