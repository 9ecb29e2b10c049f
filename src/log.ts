import { destination, pino, type DestinationStream, type Logger } from 'pino';
import type { ActorObserver } from './actors/runtime/protocol.ts';
import { describeBug } from './describe-bug.ts';
import { TemporarilyUnavailable } from './oauth/errors.ts';

/** A logger that writes JSON lines, and the way to get the last of them out before the process ends. */
export interface Log {
  readonly logger: Logger;
  flush(): void;
}

/** Lines are written together, when they are so many or the first of them so old: each write costs a system call. */
const LINES_AT_ONCE = 256;
const LONGEST_WAIT_MS = 100;

/** So much is written to a pipe in one piece, whoever else writes to it (PIPE_BUF of Linux). */
const WHOLE_BYTES = 4096;

/**
 * Logs to a file descriptor (1: standard output, 2: standard error), off the hot path. `worker`: which of several this process
 * is; they share the descriptor.
 */
export function openLog(level: string, descriptor: 1 | 2, worker?: number): Log {
  const shared = worker === undefined ? {} : { maxWrite: WHOLE_BYTES };
  const stream = destination({ dest: descriptor, sync: false, ...shared });
  const lines = new LineBuffer(stream, worker === undefined ? Infinity : WHOLE_BYTES);
  return {
    logger: createLogger(level, lines, worker),
    flush: () => {
      try {
        lines.flush();
        stream.flushSync();
      } catch {
        // Nobody reads the other end any more.
      }
    },
  };
}

/** Keeps lines back for a moment, so that many of them are one write. */
class LineBuffer implements DestinationStream {
  readonly #stream: DestinationStream;
  readonly #maxBytes: number;
  #lines: string[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `maxBytes`: of what is written at once, unless a single line is longer. */
  constructor(stream: DestinationStream, maxBytes: number) {
    this.#stream = stream;
    this.#maxBytes = maxBytes;
  }

  write(line: string): void {
    if (this.#maxBytes < Infinity) this.#makeRoomFor(Buffer.byteLength(line));
    this.#lines.push(line);
    if (this.#lines.length >= LINES_AT_ONCE) this.flush();
    else
      this.#timer ??= setTimeout(() => {
        this.flush();
      }, LONGEST_WAIT_MS).unref();
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length > 0) this.#stream.write(this.#lines.join(''));
    this.#lines = [];
    this.#bytes = 0;
  }

  #makeRoomFor(bytes: number): void {
    if (this.#bytes + bytes > this.#maxBytes) this.flush();
    this.#bytes += bytes;
  }
}

/** Names and times as log collectors expect them; the host and process id are theirs to add. */
export function createLogger(level: string, stream: DestinationStream, worker?: number): Logger {
  const base = worker === undefined ? null : { worker };
  return pino({ level, base, timestamp: isoTimestamp() }, stream);
}

/** As pino's own isoTime, but the text of a millisecond is made once: a busy server logs several lines in one. */
function isoTimestamp(): () => string {
  let knownMs = NaN;
  let text = '';
  return () => {
    const nowMs = Date.now();
    if (nowMs === knownMs) return text;
    knownMs = nowMs;
    text = `,"time":"${new Date(nowMs).toISOString()}"`;
    return text;
  };
}

/** The same complaint of one actor is logged no more often than this. */
const REPEAT_MS = 1000;

/** Logs what goes wrong in the actors: crashes and failures with their reason, and nothing of the messages but their types. */
export function loggingObserver(logger: Logger): ActorObserver {
  const loggedAtMs = new Map<string, number>();
  const complain = (actor: string, message: string, reason: string, cause?: string) => {
    const key = `${actor} ${message} ${reason}`;
    const nowMs = performance.now();
    if (nowMs - (loggedAtMs.get(key) ?? -Infinity) < REPEAT_MS) return;
    loggedAtMs.set(key, nowMs);
    logger.warn(
      { actor, message, reason, ...(cause !== undefined && { cause }) },
      'actor could not serve a message',
    );
  };
  return {
    dequeued: () => undefined,
    settled: (actor, message, outcome) => {
      if (outcome === 'rejected' || outcome === 'expired') complain(actor, message, outcome);
    },
    failed: (actor, message, error) => {
      const reason = error instanceof TemporarilyUnavailable ? error.reason : error.name;
      // The cause is the driver's code, made by classifyFault; another error's words stay out of the log.
      const cause =
        error instanceof TemporarilyUnavailable && error.cause instanceof Error
          ? error.cause.message
          : undefined;
      complain(actor, message, reason, cause);
    },
    batched: () => undefined,
    crashed: (actor, message, error) => {
      logger.error({ actor, message, ...describeBug(error) }, 'actor crashed and is restarted');
    },
  };
}

/** Says once a second how many requests were turned away at the door: a line for each would cost more than the answers. */
export function logShed(logger: Logger): (reason: string) => void {
  const counts = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  const say = () => {
    timer = undefined;
    logger.warn({ ...Object.fromEntries(counts) }, 'requests turned away');
    counts.clear();
  };
  return (reason) => {
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
    timer ??= setTimeout(say, REPEAT_MS).unref();
  };
}
