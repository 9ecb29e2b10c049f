import type { Request, Response } from 'express';
import { lazily } from '../../lazily.ts';
import type { DocumentFacts } from '../openapi/document.ts';

const MAX_AGE_SECONDS = 60;

/**
 * GET /api-docs/openapi.json. The document and what makes it are loaded by whoever asks first: a server that nobody asks
 * starts sooner and stays smaller.
 */
export function openApiRoute(facts: DocumentFacts) {
  const document = lazily(() => documentBytes(facts));
  return async (_request: Request, response: Response): Promise<void> => {
    const body = await document();
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': body.length,
      'cache-control': `public, max-age=${MAX_AGE_SECONDS}`,
      'x-content-type-options': 'nosniff',
    });
    response.end(body);
  };
}

/** Bytes, which all answers share; of a text each answer would hold a copy until its caller has taken it. */
async function documentBytes(facts: DocumentFacts): Promise<Buffer> {
  const { openApiDocument } = await import('../openapi/document.ts');
  return Buffer.from(JSON.stringify(openApiDocument(facts)));
}
