import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { inspect } from 'node:util';
import { spawnActor } from '../../../src/actors/runtime/actor.ts';
import { createLogger, loggingObserver } from '../../../src/log.ts';
import { errorOf, newGuardian, turns } from '../../support/actors.ts';

const SECRET = 'oFq7-Zk3w_N0tForAnyLog-9xJ2vR8uT5mB1cY6hD4sE';

interface Redeem {
  readonly type: 'redeem';
  readonly code: string;
  readonly client: { readonly secret: string };
}

type Thrower = (message: Redeem) => unknown;

class Talkative extends Error {
  readonly bindings = [SECRET];
  override toString = () => SECRET;
  toJSON = () => ({ SECRET });
  [inspect.custom] = () => SECRET;
}

/** Errors that carry the secret in every place an error has. */
const THROWERS: Record<string, Thrower> = {
  'in its message': ({ code }) => new Error(`cannot redeem ${code}`),
  'as its whole message': ({ code }) => new TypeError(code),
  'in its cause': ({ code }) => new Error('cannot redeem', { cause: new Error(code) }),
  'in its cause’s cause': ({ code }) =>
    new Error('cannot redeem', { cause: new Error('inner', { cause: { nested: { code } } }) }),
  'among several errors': ({ code }) => new AggregateError([new Error(code), code], code),
  'in its properties': (message) =>
    Object.assign(new Error('cannot redeem'), { message2: message, sql: SECRET }),
  'in its name': ({ code }) => Object.assign(new Error('cannot redeem'), { name: `Code ${code}` }),
  'as its whole name': ({ code }) => Object.assign(new Error('cannot redeem'), { name: code }),
  'in a message of several lines': ({ code }) => new Error(`cannot redeem\n  ${code}\n\n${code}: no`),
  'in a message that looks like a stack': ({ code }) =>
    new Error(`x\n    at ${code} (file:///a.ts:1:1)\n    at redeem (${code}:2:2)`),
  'in a message that was changed later': ({ code }) => {
    const error = new Error(`cannot redeem\n${code}\n    at ${code} (file:///a.ts:1:1)`);
    return Object.assign(error, { stack: error.stack, message: 'changed' }); // The stack is made when it is first read.
  },
  'in its stack’s first lines': ({ code }) =>
    Object.assign(new Error('cannot redeem'), {
      stack: `${code}: first\n${code} second\n    at ${code}\n    at redeem (file:///a.ts:1:1)`,
    }),
  'between its stack’s lines': ({ code }) =>
    Object.assign(new Error('cannot redeem'), {
      stack: `Error: cannot redeem\n    at ${code} (file:///a.ts:1:1)\n${code}\n    at redeem (file:///a.ts:1:1)`,
    }),
  'in a stack that is none': ({ code }) => Object.assign(new Error('cannot redeem'), { stack: { code } }),
  'wherever it turns into text': ({ code }) => new Talkative(code),
  'being a text': ({ code }) => code,
  'being the message itself': (message) => message,
};

const MESSAGE: Redeem = { type: 'redeem', code: SECRET, client: { secret: SECRET } };

let logged: string;
let printed: string;

beforeEach(() => {
  logged = '';
  printed = '';
  const capture = (...words: unknown[]) => {
    printed += inspect(words, { depth: Infinity });
    return true;
  };
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const) {
    jest.spyOn(console, method).mockImplementation(capture);
  }
  for (const stream of [process.stdout, process.stderr])
    jest.spyOn(stream, 'write').mockImplementation(capture);
});

afterEach(() => {
  jest.restoreAllMocks();
});

/** An actor whose handler throws, at once or later, and whose crashes go to the log that the server writes. */
function spawnThrower(thrower: Thrower, when: 'at once' | 'later') {
  const logger = createLogger('trace', { write: (line) => (logged += line) });
  const guardian = newGuardian({ observer: loggingObserver(logger), restartLimit: 1 });
  return spawnActor<Redeem, { redeem: string }>({
    name: 'auth',
    guardian,
    limits: { mailboxLimit: 10, concurrency: 10, askTimeoutMs: 5000 },
    behave: () => ({
      redeem: (message) => {
        if (when === 'at once') throw thrower(message);
        return turns(1).then(() => Promise.reject(thrower(message) as Error));
      },
    }),
  });
}

/** Fails if the secret, or as much of it as would help to find it, is in the text. */
function expectNoSecret(text: string): void {
  for (let at = 0; at + 8 <= SECRET.length; at += 1) expect(text).not.toContain(SECRET.slice(at, at + 8));
}

test.each(
  Object.entries(THROWERS).flatMap(([where, thrower]) => [
    { where, thrower, when: 'at once' as const },
    { where, thrower, when: 'later' as const },
  ]),
)(
  'an error that carries a secret $where and is thrown $when leaves it in no log',
  async ({ thrower, when }) => {
    const actor = spawnThrower(thrower, when);
    actor.tell(MESSAGE);
    const answer = await errorOf(actor.ask(MESSAGE)); // The second crash: the actor is given up on.
    expect(answer).toMatchObject({ code: 'server_error' });
    await turns();

    const lines = logged
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { actor: 'auth', message: 'redeem', errorName: expect.any(String), frames: expect.any(Array) },
      { actor: 'auth', message: 'redeem' },
    ]);
    expectNoSecret(logged);
    expectNoSecret(inspect(answer, { depth: Infinity, showHidden: true }));
    expect(printed).toBe('');
  },
);

test('what is logged of a crash says which class of error it was and where in the code it happened', async () => {
  const deep = (depth: number): RangeError =>
    depth === 0 ? new RangeError('several\n  lines\n') : deep(depth - 1);
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  const actor = spawnThrower(() => deep(20), 'at once');
  await errorOf(actor.ask(MESSAGE)).finally(() => {
    Error.stackTraceLimit = limit;
  });
  const line = JSON.parse(logged);
  expect(line.errorName).toBe('RangeError');
  expect(line.frames).toHaveLength(10);
  expect(line.frames[0]).toMatch(/^at .*secrecy\.test\.ts:\d+:\d+\)?$/);
  for (const frame of line.frames) expect(frame).toMatch(/^at /);
});

test('an error that an actor meets when it begins a new life is logged in the same way', async () => {
  const logger = createLogger('trace', { write: (line) => (logged += line) });
  let lives = 0;
  const actor = spawnActor<Redeem, { redeem: string }>({
    name: 'auth',
    guardian: newGuardian({ observer: loggingObserver(logger) }),
    limits: { mailboxLimit: 10, concurrency: 10, askTimeoutMs: 5000 },
    behave: () => {
      lives += 1;
      if (lives === 2) throw new Error(`cannot begin with ${SECRET}`);
      return {
        redeem: ({ code }) => {
          if (lives === 1) throw new Error(code);
          return 'redeemed';
        },
      };
    },
  });
  await errorOf(actor.ask(MESSAGE));
  await errorOf(actor.ask(MESSAGE));
  expect(await actor.ask(MESSAGE)).toBe('redeemed');
  expect(logged.trimEnd().split('\n')).toHaveLength(2);
  expectNoSecret(logged);
  expect(printed).toBe('');
});

test('what these tests look at is where things are printed', () => {
  console.log('%O', { code: SECRET });
  process.stdout.write('to standard output');
  process.stderr.write('to standard error');
  expect(printed).toContain(SECRET);
  expect(printed).toContain('to standard output');
  expect(printed).toContain('to standard error');
});
