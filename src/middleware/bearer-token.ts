import type { Request } from 'express';

/** The access token in the Authorization header (RFC 6750 §2.1), if there is one. */
export function bearerToken(request: Request): string | undefined {
  return /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(request.headers.authorization ?? '')?.[1];
}
