// Many callers, each with a connection of its own and one request on it at a time.
import { connect } from 'node:net';

const AT_ONCE = 100;
const HEAD_END = '\r\n\r\n';

/**
 * What became of one request.
 * @typedef {object} Answer
 * @property {number} status
 * @property {number} sentAtMs
 * @property {number} durationMs
 */

export class Callers {
  /** Those who may call now, the longest idle first. */
  #free = [];
  #head = 0;
  #sockets = new Set();
  #request;
  #port;
  #patient;
  #onAnswer;
  /** Connections that the server closed, or that broke. */
  closed = 0;

  /** @param {{ port: number, request: string, patient: boolean, onAnswer: (answer: Answer) => void }} parts */
  constructor({ port, request, patient, onAnswer }) {
    this.#request = Buffer.from(request, 'latin1');
    this.#port = port;
    this.#patient = patient;
    this.#onAnswer = onAnswer;
  }

  async connect(count) {
    while (this.#sockets.size < count) {
      const wave = Math.min(AT_ONCE, count - this.#sockets.size);
      await Promise.all(Array.from({ length: wave }, () => this.#open()));
    }
  }

  /** Sends one request; false where nobody is free. */
  call() {
    const caller = this.#free[this.#head];
    if (caller === undefined) return false;
    this.#free[this.#head++] = undefined;
    if (this.#head === 4096) {
      this.#free = this.#free.slice(this.#head);
      this.#head = 0;
    }
    caller.sentAtMs = performance.now();
    caller.socket.write(this.#request);
    return true;
  }

  end() {
    for (const socket of this.#sockets) socket.destroy();
  }

  #open() {
    return new Promise((resolve) => {
      const caller = { socket: undefined, sentAtMs: 0, text: '' };
      const read = (length, buffer) => {
        caller.text += buffer.latin1Slice(0, length);
        this.#read(caller);
        return true;
      };
      // One buffer for all: it is read before the next piece comes.
      const onread = { buffer: shared, callback: read };
      caller.socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true, onread });
      this.#sockets.add(caller.socket);
      caller.socket.once('connect', () => {
        this.#free.push(caller);
        resolve();
      });
      caller.socket.once('error', () => undefined);
      caller.socket.once('close', () => {
        this.closed += 1;
        this.#sockets.delete(caller.socket);
        caller.text = '';
        resolve();
      });
    });
  }

  #read(caller) {
    const { text } = caller;
    const headEnd = text.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
    if (text.length < headEnd + HEAD_END.length + length) return;
    const status = Number(text.slice(9, 12));
    caller.text = '';
    const waitSeconds =
      status === 503 && this.#patient ? Number(/retry-after: (\d+)/i.exec(text)?.[1] ?? 0) : 0;
    if (waitSeconds > 0) setTimeout(() => this.#free.push(caller), waitSeconds * 1000).unref();
    else this.#free.push(caller);
    this.#onAnswer({ status, sentAtMs: caller.sentAtMs, durationMs: performance.now() - caller.sentAtMs });
  }
}

const shared = Buffer.alloc(64 * 1024);
