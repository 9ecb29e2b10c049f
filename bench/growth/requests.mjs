import { Agent, request } from 'node:http';

/** Requests to one server over connections that stay open. */
export class Http {
  #agent;
  #base;

  constructor(base, connections) {
    this.#base = base;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  close() {
    this.#agent.destroy();
  }

  /** Sends a form and resolves to the JSON of the answer; rejects where it is an error. */
  async post(path, fields) {
    const body = new URLSearchParams(fields).toString();
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
    };
    const answer = await this.#send(path, { method: 'POST', headers }, body);
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
    return JSON.parse(answer.text);
  }

  /** Resolves to where the answer leads. */
  async redirect(path, headers) {
    const answer = await this.#send(path, { headers });
    if (answer.location === undefined) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
    return answer.location;
  }

  #send(path, options, body) {
    return new Promise((resolve, reject) => {
      const sent = request(this.#base + path, { ...options, agent: this.#agent }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part) => (text += part));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode, location: response.headers.location, text }),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

/**
 * Keeps so many requests under way for some seconds.
 * @returns {Promise<{ answered: number, p50Ms: number, p99Ms: number, perSecond: number }>}
 */
export async function load(work, { connections, seconds }) {
  const times = [];
  const start = performance.now();
  const end = start + seconds * 1000;
  const loop = async () => {
    for (let now = performance.now(); now < end;) {
      await work();
      const answeredAt = performance.now();
      times.push(answeredAt - now);
      now = answeredAt;
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
  const elapsedSeconds = (performance.now() - start) / 1000;
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))];
  return {
    answered: times.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    perSecond: times.length / elapsedSeconds,
  };
}
