import { pino, type DestinationStream, type Logger } from 'pino';
import type { ActorObserver } from './actors/runtime/protocol.ts';
import { describeBug } from './describe-bug.ts';
import { LogLines } from './log-lines.ts';
import { TemporarilyUnavailable } from './oauth/errors.ts';

/** A logger that writes JSON lines, and the way to get the last of them out before the process ends. */
export interface Log {
  readonly logger: Logger;
  flush(): void;
}

/** A process that logs to the same descriptor as others; `worker`: which of them it is, unless it is their primary. */
export interface Sharing {
  readonly worker?: number;
}

/**
 * Logs to a file descriptor (1: standard output, 2: standard error), off the hot path. However the process ends, unless it is
 * killed, the lines that were kept back are written before.
 */
export function openLog(level: string, descriptor: 1 | 2, sharing?: Sharing): Log {
  const lines = new LogLines(descriptor, sharing !== undefined);
  const flush = () => {
    lines.flush();
  };
  process.once('exit', () => {
    flush();
    // Node waits for its threads at the exit, and so for a reader who may never come.
    if (lines.isStuck) process.kill(process.pid, 'SIGKILL');
  });
  return { logger: createLogger(level, lines, sharing?.worker), flush };
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
