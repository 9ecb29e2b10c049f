import { accessTokenClaims, idTokenClaims } from '../../oauth/claims.ts';
import { InvalidGrant } from '../../oauth/errors.ts';
import type { SigningKey } from '../../oauth/jwt.ts';
import { encodeRefreshToken } from '../../oauth/refresh-token.ts';
import { formatScope, type Scope } from '../../oauth/scope.ts';
import { epochSeconds } from '../../oauth/sources.ts';
import { timeOrderedUuid } from '../../oauth/time-ordered-uuid.ts';
import type { MessageOf } from '../runtime/protocol.ts';
import type { PendingJwt } from './jwt-signer.ts';
import type { IssuedTokens, TokenMessage } from './messages.ts';
import type { TokenTools } from './parts.ts';
import type { NewAccessToken } from './store.ts';

/** Issues an access token to a client for itself (RFC 6749 §4.4.3): no refresh token. */
export async function issueForClient(
  tools: TokenTools,
  { clientId, scope }: MessageOf<TokenMessage, 'issueForClient'>,
): Promise<IssuedTokens> {
  const token = newAccessToken(tools, { clientId, userId: null, grantId: null, scope });
  const accessToken = beginAccessToken(tools, await signingKey(tools), token);
  await tools.batches.insertAccessToken(token);
  return issued(tools, await accessToken(), scope);
}

/** Opens a grant and issues its first tokens (RFC 6749 §4.1.4, OpenID Connect Core §3.1.3.3). Throws InvalidGrant if it was revoked before. */
export async function issueForGrant(
  tools: TokenTools,
  message: MessageOf<TokenMessage, 'issueForGrant'>,
): Promise<IssuedTokens> {
  const { grantId, clientId, userId, scope, withRefreshToken } = message;
  const token = { ...newAccessToken(tools, { clientId, userId, grantId, scope }), grantId, userId };
  const expiresAt = withRefreshToken
    ? Math.floor(token.issuedAt) + tools.policy.refreshTokenLifetimeSeconds
    : token.expiresAt;
  const opened = await tools.batches.openGrant({
    accessToken: token,
    refreshable: withRefreshToken,
    expiresAt,
  });
  if (!opened) throw new InvalidGrant('The authorization code is invalid, expired or already used');
  const accessToken = await beginAccessToken(tools, await signingKey(tools), token)();
  return {
    ...issued(tools, accessToken, scope),
    ...(withRefreshToken && {
      refreshToken: encodeRefreshToken(tools.refreshKeys[0], { grantId, generation: 0 }),
    }),
    ...(message.idToken && { idToken: await signIdToken(tools, token, message.idToken, accessToken) }),
  };
}

/** An access token that is about to be stored and signed. */
export function newAccessToken(
  { sources, policy }: TokenTools,
  {
    clientId,
    userId,
    grantId,
    scope,
  }: { clientId: string; userId: string | null; grantId: string | null; scope: Scope },
): NewAccessToken {
  const now = sources.now();
  return {
    clientId,
    userId,
    grantId,
    tokenId: timeOrderedUuid(now, sources.randomUuid),
    scope: formatScope(scope),
    issuedAt: now.getTime() / 1000,
    expiresAt: epochSeconds(now) + policy.accessTokenLifetimeSeconds,
  };
}

/** The key that signs access tokens now. */
export function signingKey({ keyCache, policy }: TokenTools): SigningKey | Promise<SigningKey> {
  const algorithm = policy.accessTokenAlgorithm;
  return keyCache.known(algorithm) ?? keyCache.signer(algorithm);
}

/** Begins to sign an access token (RFC 9068). The client is the subject where no person is. */
export function beginAccessToken(
  { policy, signer }: TokenTools,
  key: SigningKey,
  token: Omit<NewAccessToken, 'grantId'>,
): PendingJwt {
  const claims = accessTokenClaims({
    issuer: policy.issuer,
    subject: token.userId ?? token.clientId,
    clientId: token.clientId,
    scope: token.scope,
    issuedAt: Math.floor(token.issuedAt),
    expiresAt: token.expiresAt,
    tokenId: token.tokenId,
  });
  return signer.begin(key, 'at+jwt', claims);
}

/** The parts of a token response that every grant type has. */
export function issued({ policy }: TokenTools, accessToken: string, scope: Scope): IssuedTokens {
  return { accessToken, scope, expiresInSeconds: policy.accessTokenLifetimeSeconds };
}

async function signIdToken(
  { keyCache, policy, signer }: TokenTools,
  token: NewAccessToken & { readonly userId: string },
  idToken: NonNullable<MessageOf<TokenMessage, 'issueForGrant'>['idToken']>,
  accessToken: string,
): Promise<string> {
  const claims = idTokenClaims({
    issuer: policy.issuer,
    subject: token.userId,
    clientId: token.clientId,
    issuedAt: Math.floor(token.issuedAt),
    expiresAt: token.expiresAt,
    authTime: epochSeconds(idToken.authenticatedAt),
    nonce: idToken.nonce ?? undefined,
    accessToken,
  });
  return signer.begin(await keyCache.signer(idToken.algorithm), 'JWT', claims)();
}
