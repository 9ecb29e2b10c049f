import type { Request, Response } from 'express';

/** Everything that is measured, in the text format that Prometheus reads. */
export type Exposition = () => Promise<{ readonly contentType: string; readonly text: string }>;

/** GET /metrics. */
export function metricsRoute(expose: Exposition) {
  return async (_request: Request, response: Response): Promise<void> => {
    const { contentType, text } = await expose();
    response.writeHead(200, {
      'content-type': contentType,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    response.end(text);
  };
}
