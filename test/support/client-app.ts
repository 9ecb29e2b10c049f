import { once } from 'node:events';
import { createServer } from 'node:http';

/** A client application's own web server on a loopback port: where browsers come back to. */
export interface ClientApp {
  readonly origin: string;
  readonly redirectUri: string;
  /** The next browser that comes back to the redirect URI, with the whole URL that it opened. */
  nextCallback(): Promise<URL>;
  close(): Promise<void>;
}

export interface ClientAppOptions {
  /** The name or address it is reached by; a browser takes each for an origin of its own. */
  readonly host?: '127.0.0.1' | 'localhost';
  /** What its pages show. */
  readonly body?: string;
}

/** Starts a client application on a free port. */
export async function startClientApp({
  host = '127.0.0.1',
  body = '<h1>Back at the app</h1>',
}: ClientAppOptions = {}): Promise<ClientApp> {
  const arrived: URL[] = [];
  let waiting: ((url: URL) => void) | undefined;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', origin);
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(`<!doctype html><title>The app</title><link rel="icon" href="data:," />${body}`);
    if (url.pathname !== '/callback') return;
    if (waiting) waiting(url);
    else arrived.push(url);
    waiting = undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const origin = `http://${host}:${address.port}`;
  return {
    origin,
    redirectUri: `${origin}/callback`,
    nextCallback: () => {
      const url = arrived.shift();
      return url ? Promise.resolve(url) : new Promise((resolve) => (waiting = resolve));
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
