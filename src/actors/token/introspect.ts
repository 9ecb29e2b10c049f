import { claimedKeyId, verifyJwt } from '../../oauth/jwt.ts';
import { decodeRefreshToken } from '../../oauth/refresh-token.ts';
import { parseScope } from '../../oauth/scope.ts';
import { epochSeconds } from '../../oauth/sources.ts';
import type { MessageOf } from '../runtime/protocol.ts';
import type { Introspection, TokenMessage } from './messages.ts';
import type { TokenTools } from './parts.ts';

const INACTIVE: Introspection = { active: false };

/** What a presented token is worth right now (RFC 7662 §2.2). Exact: a revocation anywhere counts from its commit on. */
export async function introspect(
  tools: TokenTools,
  { token, clientId }: MessageOf<TokenMessage, 'introspect'>,
): Promise<Introspection> {
  const claims = await tools.verified.claimsOf(token);
  if (!claims) return introspectRefreshToken(tools, token, clientId);
  const live =
    claims.exp > epochSeconds(tools.sources.now()) &&
    (await tools.batches.isLive({ tokenId: claims.jti, expiresAt: claims.exp }));
  if (!live) return INACTIVE;
  return {
    active: true,
    kind: 'access_token',
    subject: claims.sub,
    clientId: claims.client_id,
    scope: parseScope(claims.scope),
    expiresAt: claims.exp,
    issuedAt: claims.iat,
    tokenId: claims.jti,
  };
}

/** The subject of an ID token that we issued, expired or not (OpenID Connect Core §3.1.2.1, id_token_hint). */
export async function identify({ keyCache, policy }: TokenTools, idToken: string): Promise<string | null> {
  const kid = claimedKeyId(idToken, 'JWT');
  const key = kid === undefined ? null : await keyCache.verifier(kid);
  const claims = key ? verifyJwt(idToken, key) : undefined;
  return claims?.iss === policy.issuer && typeof claims.sub === 'string' ? claims.sub : null;
}

/** Only for the client that holds it: a resource server must not take one for an access token (RFC 6749 §1.5, RFC 7662 §4). */
async function introspectRefreshToken(
  tools: TokenTools,
  presented: string,
  clientId: string | null,
): Promise<Introspection> {
  const id = decodeRefreshToken(tools.refreshKeys, presented);
  const grant = id && (await tools.store.findGrant(id.grantId));
  if (!grant || grant.clientId !== clientId) return INACTIVE;
  // One above the row's is good: the database forgot it when it was restored (see ROTATE).
  if (grant.revoked || grant.refreshGeneration === null || grant.refreshGeneration > id.generation)
    return INACTIVE;
  if (grant.expiresAt <= tools.sources.now()) return INACTIVE;
  return {
    active: true,
    kind: 'refresh_token',
    subject: grant.userId,
    clientId: grant.clientId,
    scope: parseScope(grant.scope),
    expiresAt: epochSeconds(grant.expiresAt),
    issuedAt: epochSeconds(grant.rotatedAt ?? grant.createdAt),
  };
}
