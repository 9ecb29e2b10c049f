import { ServerResponse, type IncomingMessage } from '../node-http.ts';
import { TemporarilyUnavailable } from '../oauth/errors.ts';
import { busyPage } from './pages/busy-page.ts';

/** A whole answer, made once. */
interface Busy {
  readonly body: string;
  readonly headers: string[];
}

const { code, message } = new TemporarilyUnavailable('overload');
const JSON_BODY = JSON.stringify({ error: code, error_description: message });
const ALWAYS = ['cache-control', 'no-store', 'x-content-type-options', 'nosniff'];

/** Scripts of other origins may read it wherever they may read other answers; there is nothing in it that they must not know. */
const PROGRAM = busy(JSON_BODY, [
  ...['content-type', 'application/json'],
  ...['access-control-allow-origin', '*', 'access-control-expose-headers', 'retry-after'],
]);

let person: Busy | undefined;

/** Answers 503 without looking at more of the request than who asks: a person gets a page. */
export function sendBusy(
  request: IncomingMessage,
  response: ServerResponse,
  retryAfterSeconds: number,
  keepAlive: boolean,
): void {
  const { body, headers } = request.method === 'GET' && wantsPage(request) ? (person ??= page()) : PROGRAM;
  const all = [...headers, 'retry-after', String(retryAfterSeconds)];
  send(response, 503, all, body, keepAlive);
}

/** Answers JSON that nobody may keep, at no greater cost. */
export function sendShort(response: ServerResponse, status: number, body: string, keepAlive: boolean): void {
  const { headers } = busy(body, ['content-type', 'application/json']);
  send(response, status, headers, body, keepAlive);
}

function send(
  response: ServerResponse,
  status: number,
  headers: string[],
  body: string,
  keepAlive: boolean,
): void {
  response.sendDate = false;
  if (!keepAlive) response.shouldKeepAlive = false;
  // Not the application's, which adds what was noted of the request; nothing was.
  ServerResponse.prototype.writeHead.call(response, status, headers);
  response.end(body);
}

/** Looked for where it was read: Node makes an object of all headers for whoever asks for one by its name. */
function wantsPage({ rawHeaders }: IncomingMessage): boolean {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 6 && name.toLowerCase() === 'accept')
      return rawHeaders[index + 1]?.includes('text/html') ?? false;
  }
  return false;
}

function page(): Busy {
  return busy(busyPage(), [
    ...['content-type', 'text/html; charset=utf-8'],
    'content-security-policy',
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ...['referrer-policy', 'same-origin', 'x-frame-options', 'DENY'],
  ]);
}

function busy(body: string, headers: readonly string[]): Busy {
  return { body, headers: [...headers, ...ALWAYS, 'content-length', String(Buffer.byteLength(body))] };
}
