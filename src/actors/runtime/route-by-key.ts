import type { ActorRef, Message, Replies } from './protocol.ts';

/** Presents several instances of one actor as one; messages with the same key always reach the same instance. */
export function routeByKey<M extends Message, R extends Replies<M>>(
  instances: readonly [ActorRef<M, R>, ...ActorRef<M, R>[]],
  keyOf: (message: M) => string,
): ActorRef<M, R> {
  const [first, ...others] = instances;
  if (others.length === 0) return first;
  const choose = (message: M) => instances[hash(keyOf(message)) % instances.length] ?? first;
  return {
    name: first.name,
    ask: (message, options) => choose(message as M).ask(message, options),
    tell: (message) => choose(message).tell(message),
  };
}

/** FNV-1a over UTF-16 units: spreads keys evenly, guards nothing. */
function hash(key: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) {
    value = Math.imul(value ^ key.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
