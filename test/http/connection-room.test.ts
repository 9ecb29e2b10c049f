import { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { ConnectionRoom } from '../../src/http/connection-room.ts';

test('who is kept waiting by us is not the one to go', () => {
  const waiting = new Set<Socket>();
  const room = new ConnectionRoom(2, (socket) => waiting.has(socket));
  const [first, second, third, fourth] = Array.from({ length: 4 }, () => new Socket());
  waiting.add(first!);
  for (const socket of [first, second, third]) room.add(socket!);
  expect([first, second, third].map((socket) => socket!.destroyed)).toEqual([false, true, false]);
  waiting.clear();
  room.add(fourth!);
  expect([first, third, fourth].filter((socket) => socket!.destroyed)).toHaveLength(1);
  expect(fourth!.destroyed).toBe(false);
});
