import { Worker } from 'node:worker_threads';
import { jwtSignature, jwtSigningInput, type JwtType, type SigningKey } from '../../oauth/jwt.ts';
import type { JwtSigner, PendingJwt } from './jwt-signer.ts';
import type { SigningWork } from './signing-thread.ts';

/** Fewer signatures of this algorithm than that are made sooner here than they travel to another thread and back. */
const WORTH_SENDING = { ES256: 4, RS256: 1 } as const;

/** Signatures that travel together: while a thread makes the next ones, the first are sent to their clients. */
const CHUNK = 16;

/** A thread that ended is replaced no sooner than this. */
const REPLACE_AFTER_MS = 1000;

interface Waiting {
  readonly key: SigningKey;
  readonly input: string;
  readonly resolve: (signature: string) => void;
}

/**
 * Signs in threads of its own, so that the event loop's one does not. What one turn of the event loop begins travels together.
 * Whatever happens to a thread, all that it was to sign is signed here.
 */
export class ThreadedSigner implements JwtSigner {
  readonly #threads: readonly SigningThread[];
  #waiting: Waiting[] = [];
  #next = 0;
  #signedApart = 0;

  /** `entry`: the compiled signing-thread. `onLost` is told of each thread that ended by itself. */
  constructor(count: number, entry: URL, onLost: (error: Error) => void) {
    this.#threads = Array.from({ length: count }, () => new SigningThread(entry, onLost));
  }

  begin(key: SigningKey, type: JwtType, claims: object): PendingJwt {
    const input = jwtSigningInput(key, type, claims);
    const signature = new Promise<string>((resolve) => {
      if (this.#waiting.length === 0) {
        queueMicrotask(() => {
          this.#send();
        });
      }
      this.#waiting.push({ key, input, resolve });
    });
    return async () => `${input}.${await signature}`;
  }

  keepOnly(kids: ReadonlySet<string>): void {
    for (const thread of this.#threads) thread.keepOnly(kids);
  }

  /** The ids of the keys that threads have. */
  get keysApart(): ReadonlySet<string> {
    return new Set(this.#threads.flatMap((thread) => thread.knownKeys));
  }

  /** How many signatures threads were asked for so far. */
  get signedApart(): number {
    return this.#signedApart;
  }

  /** Ends the threads; what is begun later is signed here. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const [key, ofKey] of byKey(waiting)) {
      if (ofKey.length < WORTH_SENDING[key.algorithm]) signHere(ofKey);
      else for (let at = 0; at < ofKey.length; at += CHUNK) this.#sendChunk(key, ofKey.slice(at, at + CHUNK));
    }
  }

  #sendChunk(key: SigningKey, chunk: readonly Waiting[]): void {
    this.#next = (this.#next + 1) % this.#threads.length;
    if (this.#threads[this.#next]?.sign(key, chunk)) this.#signedApart += chunk.length;
    else signHere(chunk);
  }
}

/** One thread, which is started when it is first needed and again when it ended. */
class SigningThread {
  readonly #entry: URL;
  readonly #onLost: (error: Error) => void;
  readonly #sent: (readonly Waiting[])[] = [];
  readonly #knownKeys = new Set<string>();
  #worker: Worker | undefined;
  #isReady = false;
  #startsAfterMs = -Infinity;

  constructor(entry: URL, onLost: (error: Error) => void) {
    this.#entry = entry;
    this.#onLost = onLost;
  }

  /** False if the thread cannot take it, because it has not started yet. */
  sign(key: SigningKey, chunk: readonly Waiting[]): boolean {
    this.#start();
    if (!this.#worker || !this.#isReady) return false;
    if (!this.#knownKeys.has(key.kid)) {
      this.#post({ type: 'key', key });
      this.#knownKeys.add(key.kid);
    }
    this.#post({ type: 'inputs', kid: key.kid, inputs: chunk.map(({ input }) => input) });
    this.#sent.push(chunk);
    return true;
  }

  get knownKeys(): readonly string[] {
    return [...this.#knownKeys];
  }

  /** What was sent before is signed with the old keys: a thread takes its messages in order. */
  keepOnly(kids: ReadonlySet<string>): void {
    for (const kid of this.#knownKeys) {
      if (kids.has(kid)) continue;
      this.#post({ type: 'forget', kid });
      this.#knownKeys.delete(kid);
    }
  }

  async close(): Promise<void> {
    this.#startsAfterMs = Infinity;
    const worker = this.#worker;
    this.#forget();
    await worker?.terminate();
  }

  #post(work: SigningWork): void {
    this.#worker?.postMessage(work);
  }

  #start(): void {
    if (this.#worker || performance.now() < this.#startsAfterMs) return;
    let worker: Worker;
    try {
      worker = new Worker(this.#entry, { resourceLimits: { maxYoungGenerationSizeMb: 4 } });
    } catch (error) {
      // The system has no thread to give.
      this.#lose(error as Error);
      return;
    }
    this.#worker = worker;
    worker.unref();
    worker.once('online', () => {
      this.#isReady = this.#worker === worker;
    });
    worker.on('message', (signatures: readonly string[]) => {
      if (this.#worker === worker) this.#sent.shift()?.forEach(answerWith(signatures));
    });
    worker.once('error', (error: Error) => {
      if (this.#worker === worker) this.#lose(error);
    });
    worker.once('exit', () => {
      if (this.#worker === worker) this.#lose(new Error('The thread ended'));
    });
  }

  #lose(error: Error): void {
    this.#startsAfterMs = performance.now() + REPLACE_AFTER_MS;
    this.#forget();
    this.#onLost(error);
  }

  #forget(): void {
    this.#worker = undefined;
    this.#isReady = false;
    this.#knownKeys.clear();
    for (const chunk of this.#sent.splice(0)) signHere(chunk);
  }
}

function answerWith(signatures: readonly string[]) {
  return ({ resolve }: Waiting, index: number): void => {
    resolve(signatures[index] ?? '');
  };
}

function signHere(waiting: readonly Waiting[]): void {
  for (const { key, input, resolve } of waiting) resolve(jwtSignature(key, input));
}

function byKey(waiting: readonly Waiting[]): ReadonlyMap<SigningKey, Waiting[]> {
  const groups = new Map<SigningKey, Waiting[]>();
  for (const one of waiting) {
    const group = groups.get(one.key);
    if (group) group.push(one);
    else groups.set(one.key, [one]);
  }
  return groups;
}
