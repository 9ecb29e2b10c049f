import type { Request, Response } from 'express';
import { lazily } from '../../lazily.ts';
import type { DocumentFacts } from '../openapi/document.ts';

const MAX_AGE_SECONDS = 60;

/**
 * GET /api-docs/openapi.json. The document and what makes it are loaded by whoever asks first: a server that nobody asks
 * starts sooner and stays smaller.
 */
export function openApiRoute(facts: DocumentFacts) {
  const text = lazily(() => documentText(facts));
  return async (_request: Request, response: Response): Promise<void> => {
    const body = await text();
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'cache-control': `public, max-age=${MAX_AGE_SECONDS}`,
      'x-content-type-options': 'nosniff',
    });
    response.end(body);
  };
}

async function documentText(facts: DocumentFacts): Promise<string> {
  const { openApiDocument } = await import('../openapi/document.ts');
  return JSON.stringify(openApiDocument(facts));
}
