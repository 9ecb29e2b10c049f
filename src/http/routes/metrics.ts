import type { Request, Response } from 'express';
import { cached } from '../../cached.ts';

/** Everything that is measured, in the text format that Prometheus reads. */
export type Exposition = () => Promise<{ readonly contentType: string; readonly text: string }>;

/** To write them out takes milliseconds: scrapes that come close upon each other share an answer. */
const SHARED_MS = 100;

/** GET /metrics. */
export function metricsRoute(expose: Exposition) {
  // Bytes, which all who are slow to read share; of a text each answer would hold a copy.
  const exposed = cached(async () => {
    const { contentType, text } = await expose();
    return { contentType, body: Buffer.from(text) };
  }, SHARED_MS);
  return async (_request: Request, response: Response): Promise<void> => {
    const { contentType, body } = await exposed();
    response.writeHead(200, {
      'content-type': contentType,
      'content-length': body.length,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    response.end(body);
  };
}
