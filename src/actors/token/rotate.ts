import { InvalidGrant, InvalidScope } from '../../oauth/errors.ts';
import { decodeRefreshToken, encodeRefreshToken, type RefreshTokenId } from '../../oauth/refresh-token.ts';
import { formatScope, isWithin, parseScope } from '../../oauth/scope.ts';
import type { MessageOf } from '../runtime/protocol.ts';
import { beginAccessToken, issued, newAccessToken, signingKey } from './issue.ts';
import type { IssuedTokens, TokenMessage } from './messages.ts';
import type { TokenTools } from './parts.ts';
import { revokeGrant } from './revoke.ts';
import type { GrantRow } from './store.ts';

type RotateRefresh = MessageOf<TokenMessage, 'rotateRefresh'>;

/** One sentence for unknown, foreign, expired, revoked and reused tokens alike. */
const NOT_GOOD = 'The refresh token is invalid, expired or revoked';

/**
 * Exchanges a refresh token for its successor and an access token (RFC 6749 §6, RFC 9700 §4.14.2).
 * Within the grace window the token before the current one is answered with the same successor, so that a lost answer or
 * two tabs log nobody out; anything older is reuse and revokes the grant. Throws InvalidGrant or InvalidScope.
 */
export async function rotateRefresh(tools: TokenTools, message: RotateRefresh): Promise<IssuedTokens> {
  const presented = decodeRefreshToken(tools.refreshKeys, message.refreshToken);
  if (!presented) throw new InvalidGrant(NOT_GOOD);
  const { sources, policy, batches } = tools;
  const token = newAccessToken(tools, {
    clientId: message.clientId,
    userId: null,
    grantId: presented.grantId,
    scope: message.scope ?? [],
  });
  const rotated = await batches.rotate({
    ...presented,
    clientId: message.clientId,
    scope: message.scope && formatScope(message.scope),
    tokenId: token.tokenId,
    issuedAt: token.issuedAt,
    rotatedAt: sources.now(),
    accessTokenExpiresAt: token.expiresAt,
    grantExpiresAt: Math.floor(token.issuedAt) + policy.refreshTokenLifetimeSeconds,
  });
  if (!rotated) return answerStale(tools, message, presented, sources.now());
  const accessToken = await beginAccessToken(tools, await signingKey(tools), { ...token, ...rotated })();
  return successor(tools, presented, accessToken, rotated.scope);
}

/** The comparison failed: finds out why, and whether that was an accident or a theft. */
async function answerStale(
  tools: TokenTools,
  message: RotateRefresh,
  presented: RefreshTokenId,
  now: Date,
): Promise<IssuedTokens> {
  const grant = await tools.store.findGrant(presented.grantId);
  if (!grant || grant.clientId !== message.clientId || grant.revoked || grant.expiresAt <= now) {
    throw new InvalidGrant(NOT_GOOD);
  }
  const current = grant.refreshGeneration ?? -1;
  if (current > presented.generation && !inGrace(tools, grant, presented, now)) {
    await revokeGrant(tools, { grantId: presented.grantId, ...grant, caller: message.caller });
    tools.audit.tell({
      type: 'record',
      event: {
        type: 'refresh_token_reused',
        clientId: grant.clientId,
        userId: grant.userId,
        caller: message.caller,
        detail: {
          grantId: presented.grantId,
          presentedGeneration: presented.generation,
          currentGeneration: current,
        },
      },
    });
    throw new InvalidGrant(NOT_GOOD);
  }
  if (message.scope && !isWithin(message.scope, parseScope(grant.scope))) {
    throw new InvalidScope('The requested scope exceeds what was granted');
  }
  if (current <= presented.generation) throw new InvalidGrant(NOT_GOOD);
  return replay(tools, message, presented, grant);
}

function inGrace({ policy }: TokenTools, grant: GrantRow, presented: RefreshTokenId, now: Date): boolean {
  if (grant.refreshGeneration !== presented.generation + 1 || !grant.rotatedAt) return false;
  return now.getTime() - grant.rotatedAt.getTime() < policy.refreshGraceSeconds * 1000;
}

/** Answers the previous token with the successor it already has, and an access token of its own. */
async function replay(
  tools: TokenTools,
  message: RotateRefresh,
  presented: RefreshTokenId,
  grant: GrantRow,
): Promise<IssuedTokens> {
  const scope = message.scope ?? parseScope(grant.scope);
  const token = newAccessToken(tools, {
    clientId: grant.clientId,
    userId: grant.userId,
    grantId: presented.grantId,
    scope,
  });
  const accessToken = beginAccessToken(tools, await signingKey(tools), token);
  // A grant that is revoked at this moment takes this token along: introspection looks at both.
  await tools.batches.insertAccessToken(token);
  return successor(tools, presented, await accessToken(), formatScope(scope));
}

function successor(
  tools: TokenTools,
  { grantId, generation }: RefreshTokenId,
  accessToken: string,
  scope: string,
): IssuedTokens {
  return {
    ...issued(tools, accessToken, parseScope(scope)),
    refreshToken: encodeRefreshToken(tools.refreshKeys[0], { grantId, generation: generation + 1 }),
  };
}
