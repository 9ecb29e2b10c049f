import { fstatSync, write, writeSync } from 'node:fs';
import { openUnblocked } from './unblocked-pipe.ts';

/** Lines are written together, when they are so many or the first of them so old: each write costs a system call. */
const BYTES_AT_ONCE = 64 * 1024;
const LONGEST_WAIT_MS = 100;

/** So much is written to a pipe in one piece, whoever else writes to it (PIPE_BUF of Linux). */
const WHOLE_IN_PIPE_BYTES = 4096;

/** UTF-8 takes no more bytes than these for each unit of a string. */
const MAX_BYTES_OF_UNIT = 3;

const LINE_FEED = 10;

/** A pipe that does not block, and is full, is tried again after this, and later and later while nobody reads. */
const RETRY_MS = 2;
const LONGEST_RETRY_MS = 100;

/** A thread takes microseconds for a write; at the end nobody can be told when it is through. */
const THREAD_MS = 10;

/** At the end, who does not read what there is still to say is waited for no longer than this. */
const LAST_WORDS_MS = 1000;

/** What waits to be written for a reader that has stopped to read; what comes then is lost, or the process would end for want of memory. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Writes lines to a file descriptor: many at once, and such that a slow reader keeps nobody waiting. To a pipe that is easy, for it
 * can be had not to block; anything else is written to in a thread, and at the end at once.
 */
export class LogLines {
  readonly #descriptor: number;
  readonly #mayBlock: boolean;
  /** Lines that no write was asked for yet. As strings, they would be copied by every collection of garbage until then. */
  readonly #kept: Buffer;
  #keptBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Lots that wait to be written; the first may be about to be. */
  readonly #lots: Buffer[] = [];
  #lotBytes = 0;
  #writingSinceMs: number | undefined;
  /** For the pipe to be emptied. */
  #isWaiting = false;
  #retryMs = RETRY_MS;
  /** A reader was waited for at the end, and did not read. */
  #isGivenUp = false;
  #lost = 0;
  /** The last write failed: what is lost is told once there is room again. */
  #isFailing = false;
  /** What was written last ends within a line. */
  #isTorn = false;

  /** `isShared`: other processes write lines to what is behind the descriptor, and no line may be torn by theirs. */
  constructor(descriptor: number, isShared: boolean) {
    const unblocked = openUnblocked(descriptor);
    this.#descriptor = unblocked ?? descriptor;
    this.#mayBlock = unblocked === undefined;
    this.#kept = Buffer.allocUnsafeSlow(
      isShared && !isFile(descriptor) ? WHOLE_IN_PIPE_BYTES : BYTES_AT_ONCE,
    );
  }

  write(line: string): void {
    if (this.#lotBytes > MOST_BYTES) this.#lost += 1;
    else {
      this.#tellLoss();
      this.#keep(line);
    }
    this.#timer ??= setTimeout(this.#sendInTime, LONGEST_WAIT_MS).unref();
  }

  /** Whether a thread has been at a write for so long that it must be waiting for a reader. */
  get isStuck(): boolean {
    return performance.now() - (this.#writingSinceMs ?? Infinity) > LAST_WORDS_MS;
  }

  /** Writes all there is before it returns, unless there is nobody who reads it. */
  flush(): void {
    this.#closeLot();
    this.#tellLoss();
    this.#closeLot();
    // It would wait as well.
    if (this.isStuck) return;
    const startedAtMs = performance.now();
    if (this.#writingSinceMs !== undefined) {
      pause(THREAD_MS);
      this.#writingSinceMs = undefined;
      this.#written(this.#lots[0]?.length ?? 0);
    }
    while (this.#lots.length > 0) {
      try {
        this.#written(writeSync(this.#descriptor, this.#lots[0] as Buffer));
      } catch (error) {
        if (!isFull(error) || this.#isGivenUp) return;
        this.#isGivenUp = performance.now() - startedAtMs > LAST_WORDS_MS;
        pause(RETRY_MS);
      }
    }
  }

  #tellLoss(): void {
    if (this.#lost === 0 || this.#isFailing) return;
    this.#keep(lossLine(this.#lost));
    this.#lost = 0;
  }

  #keep(line: string): void {
    if (!this.#hasRoomFor(line)) this.#send();
    if (this.#hasRoomFor(line)) this.#keptBytes += this.#kept.write(line, this.#keptBytes);
    else this.#addLot(Buffer.from(line));
  }

  #hasRoomFor(line: string): boolean {
    const room = this.#kept.length - this.#keptBytes;
    return MAX_BYTES_OF_UNIT * line.length <= room || Buffer.byteLength(line) <= room;
  }

  readonly #sendInTime = (): void => {
    this.#send();
    if (this.#lost === 0) return;
    // Told as soon as there is room, whether another line comes or not.
    if (this.#lotBytes <= MOST_BYTES) this.#tellLoss();
    this.#timer ??= setTimeout(this.#sendInTime, LONGEST_WAIT_MS).unref();
  };

  #send(): void {
    this.#closeLot();
    if (this.#mayBlock) this.#writeNext();
    else this.#writeNow();
  }

  #closeLot(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#keptBytes === 0) return;
    this.#addLot(Buffer.from(this.#kept.subarray(0, this.#keptBytes)));
    this.#keptBytes = 0;
  }

  #addLot(lot: Buffer): void {
    this.#lots.push(lot);
    this.#lotBytes += lot.length;
    if (this.#lots.length === 1) this.#endTornLine();
  }

  /** If the rest of it will not come: it would be glued to the next. */
  #endTornLine(): void {
    const [lot] = this.#lots;
    if (!this.#isTorn || lot === undefined) return;
    this.#lots[0] = Buffer.concat([Buffer.of(LINE_FEED), lot]);
    this.#lotBytes += 1;
  }

  /** As much as there is room for. */
  #writeNow(): void {
    for (let lot = this.#lots[0]; lot !== undefined; lot = this.#lots[0]) {
      try {
        this.#written(writeSync(this.#descriptor, lot));
      } catch (error) {
        if (isFull(error)) {
          this.#writeLater();
          return;
        }
        this.#drop(lot, error);
      }
    }
  }

  #writeLater(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    setTimeout(() => {
      this.#isWaiting = false;
      this.#writeNow();
    }, this.#retryMs).unref();
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
  }

  #writeNext(): void {
    const [lot] = this.#lots;
    if (this.#writingSinceMs !== undefined || lot === undefined) return;
    this.#writingSinceMs = performance.now();
    write(this.#descriptor, lot, (error, written) => {
      // It was flushed meanwhile.
      if (this.#lots[0] !== lot) return;
      this.#writingSinceMs = undefined;
      if (isFull(error)) {
        setTimeout(() => this.#writeNext(), RETRY_MS);
        return;
      }
      if (error) this.#drop(lot, error);
      else this.#written(written);
      this.#writeNext();
    });
  }

  #written(bytes: number): void {
    this.#retryMs = RETRY_MS;
    this.#isGivenUp = false;
    const lot = this.#lots.shift();
    this.#lotBytes -= bytes;
    if (lot === undefined) return;
    if (bytes > 0) {
      this.#isFailing = false;
      this.#isTorn = lot[bytes - 1] !== LINE_FEED;
    }
    if (bytes < lot.length) this.#lots.unshift(lot.subarray(bytes));
  }

  /** Whose disk is full is told of it later, on a line of its own; where nobody reads the other end any more, there is nobody to tell. */
  #drop(lot: Buffer, error: unknown): void {
    this.#lots.shift();
    this.#lotBytes -= lot.length;
    this.#isFailing = true;
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') this.#lost += countLines(lot);
    this.#endTornLine();
  }
}

function countLines(lot: Buffer): number {
  let lines = 0;
  // One at the start ends a line that is lost already.
  for (let at = lot.indexOf(LINE_FEED, 1); at !== -1; at = lot.indexOf(LINE_FEED, at + 1)) lines += 1;
  return lines;
}

/** What is written to a file at once is written in one piece, however much, unless the disk is full. */
function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}

function lossLine(lines: number): string {
  return `${JSON.stringify({ level: 40, time: new Date().toISOString(), lines, msg: 'lines of the log were lost, because nobody read them' })}\n`;
}

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'EAGAIN';
}

/** Stops the whole thread. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
