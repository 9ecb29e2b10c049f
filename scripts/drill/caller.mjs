// Requests as a proxy's callers send them.
import http from 'node:http';

/** Above every time limit of proxy and server. */
const TIMEOUT_MS = 20_000;

/**
 * A `fetch`, as far as it is needed here. What is asked once is sent once: fetch itself may send a request again where its
 * connection was lost, and would hide what is looked for.
 * @param {{ keepAlive: boolean }} how over connections that are kept, or each request over one of its own
 */
export function newCaller({ keepAlive }) {
  const agent = new http.Agent({ keepAlive });
  return (url, { method = 'GET', headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const type = body instanceof URLSearchParams ? 'application/x-www-form-urlencoded' : 'application/json';
      const text = body?.toString();
      const request = http.request(url, {
        agent,
        method,
        headers: {
          ...(text === undefined
            ? {}
            : { 'content-type': type, 'content-length': String(Buffer.byteLength(text)) }),
          ...headers,
        },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      request.once('error', reject);
      request.once('response', (answer) => {
        let received = '';
        answer.setEncoding('utf8').on('data', (piece) => (received += piece));
        answer.once('error', reject);
        answer.once('end', () => resolve(responseOf(answer, received)));
      });
      request.end(text);
    });
}

/** The same, but of another server: for asking a replica itself what one would ask the proxy. */
export function callerAt(call, origin) {
  const { host } = new URL(origin);
  return (url, init) => {
    const there = new URL(url);
    there.host = host;
    return call(there, init);
  };
}

function responseOf({ statusCode: status, headers }, text) {
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: {
      get: (name) => headers[name] ?? null,
      getSetCookie: () => headers['set-cookie'] ?? [],
    },
    text: async () => text,
    json: async () => JSON.parse(text),
  };
}
