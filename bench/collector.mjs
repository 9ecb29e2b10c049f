// Takes traces and forgets them, in a process of its own: what it costs is not what is measured.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createServer } from 'node:http';
import { endChild, startChild } from './children.mjs';

const SELF = fileURLToPath(import.meta.url);

/** @returns {Promise<{ endpoint: string, close(): Promise<void> }>} */
export async function startCollector() {
  const child = startChild(process.execPath, [SELF], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [endpoint] = await once(createInterface({ input: child.stdout }), 'line');
  return { endpoint, close: () => endChild(child) };
}

if (process.argv[1] === SELF) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end());
  });
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
  });
  // The benchmark holds the other end: when it is gone, so are we.
  process.stdin.resume().once('close', () => process.exit());
}
