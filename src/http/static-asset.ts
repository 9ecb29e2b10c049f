import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Request, Response } from 'express';

const SMALLEST_TO_COMPRESS = 1024;

const zip = promisify(gzip);

/** What is served as it was read once. All answers share its bytes, so a thousand that are taken slowly hold them once. */
export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly compressed: Buffer;
  readonly etag: string;
}

/** Compresses it and gives it a name for what is in it. */
export async function makeAsset(type: string, body: Buffer): Promise<Asset> {
  return {
    type,
    body,
    compressed: body.length < SMALLEST_TO_COMPRESS ? body : await zip(body),
    // Weak, for it names both forms.
    etag: `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
  };
}

/**
 * Sends it in the form that the caller takes. It is handed over in one piece, so that the request is over for the front door
 * however long the caller takes over it: what is read from a file while it is sent lasts as long as its reader likes.
 */
export function sendAsset(
  request: Request,
  response: Response,
  asset: Asset,
  headers: Readonly<Record<string, string>>,
): void {
  const zipped = asset.compressed !== asset.body && /\bgzip\b/.test(request.get('accept-encoding') ?? '');
  const body = zipped ? asset.compressed : asset.body;
  response.writeHead(200, {
    'content-type': asset.type,
    'content-length': body.length,
    ...(zipped && { 'content-encoding': 'gzip' }),
    vary: 'accept-encoding',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(body);
}
