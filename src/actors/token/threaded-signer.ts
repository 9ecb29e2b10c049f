import { Worker } from 'node:worker_threads';
import {
  jwtSignature,
  jwtSigningInput,
  type JwtType,
  type SigningAlgorithm,
  type SigningKey,
} from '../../oauth/jwt.ts';
import type { JwtSigner, PendingJwt } from './jwt-signer.ts';
import type { SigningWork } from './signing-thread.ts';

/** Fewer signatures of this algorithm than that are made sooner here than they travel to another thread and back. */
const WORTH_SENDING: Readonly<Record<SigningAlgorithm, number>> = { ES256: 4, RS256: 1 };

/** Signatures that travel together: while a thread makes the next ones, the first are sent to their clients. */
const CHUNK = 8;

/** Chunks that a thread has at once: one that it signs, and one more so that it need not wait for that. */
const CHUNKS_AT_ONCE = 2;

/** A thread that ended is replaced no sooner than this. */
const REPLACE_AFTER_MS = 1000;

/**
 * A thread keeps a key or two; without limits it would let several times as much garbage lie about as it needs to work. What the
 * process was told to load first (NODE_OPTIONS) is loaded here, too, and needs its room.
 */
const THREAD_MEMORY = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 };

interface Waiting {
  readonly input: string;
  readonly resolve: (signature: string) => void;
}

/** What travels together. */
interface Chunk {
  readonly key: SigningKey;
  readonly waiting: Waiting[];
}

/**
 * Signs in threads of its own, so that the event loop's one does not. What one turn of the event loop begins is shared out over
 * them; of what they have not taken yet the event loop signs some whenever it would otherwise only wait for them.
 * Whatever happens to a thread, all that it was to sign is signed here.
 */
export class ThreadedSigner implements JwtSigner {
  readonly #threads: readonly SigningThread[];
  /** What this turn of the event loop has begun. */
  #begun = new Map<SigningKey, Waiting[]>();
  /** What no thread has room for yet. */
  readonly #backlog: Chunk[] = [];
  #next = 0;
  #signedApart = 0;
  #helpIsComing = false;

  /** `entry`: the compiled signing-thread. `onLost` is told of each thread that ended by itself. */
  constructor(count: number, entry: URL, onLost: (error: Error) => void) {
    const onRoom = () => {
      this.#shareOut();
    };
    this.#threads = Array.from({ length: count }, () => new SigningThread(entry, onLost, onRoom));
  }

  begin(key: SigningKey, type: JwtType, claims: object): PendingJwt {
    const input = jwtSigningInput(key, type, claims);
    const signature = new Promise<string>((resolve) => {
      if (this.#begun.size === 0) {
        queueMicrotask(() => {
          this.#send();
        });
      }
      const waiting = this.#begun.get(key);
      if (waiting) waiting.push({ input, resolve });
      else this.#begun.set(key, [{ input, resolve }]);
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
    const begun = this.#begun;
    this.#begun = new Map();
    for (const [key, waiting] of begun) {
      if (waiting.length < WORTH_SENDING[key.algorithm]) signHere(key, waiting);
      else
        for (let at = 0; at < waiting.length; at += CHUNK)
          this.#backlog.push({ key, waiting: waiting.slice(at, at + CHUNK) });
    }
    this.#shareOut();
  }

  #shareOut(): void {
    for (let thread = this.#roomyThread(); thread; thread = this.#roomyThread()) {
      const chunk = this.#backlog.shift();
      if (!chunk) return;
      if (thread.sign(chunk)) this.#signedApart += chunk.waiting.length;
      else signHere(chunk.key, chunk.waiting);
    }
    if (this.#helpIsComing || !this.#backlog.some(isShort)) return;
    this.#helpIsComing = true;
    setImmediate(this.#help);
  }

  /** An event loop that only waits comes here again at once, a busy one after all that it has to do. */
  readonly #help = (): void => {
    this.#helpIsComing = false;
    const at = this.#backlog.findLastIndex(isShort);
    const chunk = this.#backlog[at];
    if (!chunk) return;
    signHere(chunk.key, chunk.waiting.splice(-1));
    if (chunk.waiting.length === 0) this.#backlog.splice(at, 1);
    this.#shareOut();
  };

  #roomyThread(): SigningThread | undefined {
    for (let tried = 0; tried < this.#threads.length; tried += 1) {
      this.#next = (this.#next + 1) % this.#threads.length;
      const thread = this.#threads[this.#next];
      if (thread?.hasRoom) return thread;
    }
    return undefined;
  }
}

/** One thread, which is started when it is first needed and again when it ended. */
class SigningThread {
  readonly #entry: URL;
  readonly #onLost: (error: Error) => void;
  readonly #onRoom: () => void;
  readonly #sent: Chunk[] = [];
  readonly #knownKeys = new Set<string>();
  #worker: Worker | undefined;
  #isReady = false;
  #startsAfterMs = -Infinity;

  constructor(entry: URL, onLost: (error: Error) => void, onRoom: () => void) {
    this.#entry = entry;
    this.#onLost = onLost;
    this.#onRoom = onRoom;
  }

  get hasRoom(): boolean {
    return this.#sent.length < CHUNKS_AT_ONCE;
  }

  /** False if the thread cannot take it, because it has not started yet. */
  sign(chunk: Chunk): boolean {
    const { key, waiting } = chunk;
    this.#start();
    if (!this.#worker || !this.#isReady) return false;
    if (!this.#knownKeys.has(key.kid)) {
      this.#post({ type: 'key', key });
      this.#knownKeys.add(key.kid);
    }
    this.#post({ type: 'inputs', kid: key.kid, inputs: waiting.map(({ input }) => input) });
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
      worker = new Worker(this.#entry, { resourceLimits: THREAD_MEMORY });
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
      if (this.#worker !== worker) return;
      this.#sent.shift()?.waiting.forEach(answerWith(signatures));
      this.#onRoom();
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
    for (const { key, waiting } of this.#sent.splice(0)) signHere(key, waiting);
    this.#onRoom();
  }
}

function answerWith(signatures: readonly string[]) {
  return ({ resolve }: Waiting, index: number): void => {
    resolve(signatures[index] ?? '');
  };
}

function signHere(key: SigningKey, waiting: readonly Waiting[]): void {
  for (const { input, resolve } of waiting) resolve(jwtSignature(key, input));
}

/** Whether a signature is made so soon that nobody notices when the event loop makes one. */
function isShort({ key }: Chunk): boolean {
  return key.algorithm === 'ES256';
}
