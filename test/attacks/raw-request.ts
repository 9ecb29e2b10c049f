import { connect } from 'node:net';

/** Sends bytes that no HTTP client would send and resolves to all that comes back until the server closes. */
export async function rawRequest(port: number, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
  socket.on('error', () => undefined); // the server may close while we still write
  for (const piece of pieces) socket.write(piece, 'latin1');
  socket.setTimeout(5_000, () => socket.destroy());
  await new Promise((resolve) => socket.once('close', resolve)); // once() would reject on the error
  return answer;
}

/** A request in HTTP/1.1 after which the server closes. A header may be given more than once. */
export function requestText(
  method: string,
  path: string,
  headers: readonly string[] = [],
  body = '',
): string {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`];
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: auth.example',
    'Connection: close',
    ...headers,
    ...length,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** The status in the first line of an answer; 0 if there was none. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
}
