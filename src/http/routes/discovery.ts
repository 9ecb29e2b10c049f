import type { Request, Response } from 'express';
import type { Actors } from '../../actors/actors.ts';
import { sendPublicJson } from '../respond.ts';

const METADATA_MAX_AGE_SECONDS = 300;

/** GET /.well-known/openid-configuration and /.well-known/oauth-authorization-server (RFC 8414 §3). */
export function metadataRoute(metadata: Readonly<Record<string, unknown>>) {
  return (_request: Request, response: Response): void => {
    sendPublicJson(response, metadata, METADATA_MAX_AGE_SECONDS);
  };
}

/** GET /.well-known/jwks.json (RFC 7517 §5). */
export function jwksRoute({ keys }: Actors) {
  return async (_request: Request, response: Response): Promise<void> => {
    const set = await keys.ask({ type: 'jwks' });
    sendPublicJson(response, { keys: set.keys }, set.maxAgeSeconds);
  };
}
