import { restsOnConsent } from '../../oauth/client.ts';
import { InvalidGrant } from '../../oauth/errors.ts';
import { verifierMatches } from '../../oauth/pkce.ts';
import { hashSecret, newSecret } from '../../oauth/secret.ts';
import { Sensitive } from '../../oauth/sensitive.ts';
import { timeOrderedUuid } from '../../oauth/time-ordered-uuid.ts';
import { createBatcher } from '../runtime/batch.ts';
import type { MessageOf } from '../runtime/protocol.ts';
import type { AuthMessage, RedeemedCode } from './messages.ts';
import { recordEvent, type AuthParts } from './parts.ts';
import type { Claim, ClaimResult, StoredCode } from './store-codes.ts';

const MAX_BATCH = 200;

/** One sentence for unknown, expired, spent and mismatched codes alike, and for those that the person no longer stands by. */
const NOT_REDEEMABLE = 'The authorization code is invalid, expired or already used';

/** The statements on codes, batched. */
export interface CodeBatches {
  readonly insert: (code: StoredCode) => Promise<undefined>;
  readonly claim: (claim: Claim) => Promise<ClaimResult>;
}

export function createCodeBatches({ guardian, codes, sources }: AuthParts, actor: string): CodeBatches {
  const batcher = <I, O>(statement: string, run: (items: readonly I[]) => Promise<readonly O[]>) =>
    createBatcher<I, O>({
      run,
      maxSize: MAX_BATCH,
      concurrency: 1,
      onSend: (size) => {
        guardian.observer.batched(actor, statement, size);
      },
    });
  return {
    insert: batcher('codes_insert', (batch: readonly StoredCode[]) => codes.insert(batch)),
    claim: batcher('codes_claim', (batch: readonly Claim[]) => codes.claim(batch, sources.now())),
  };
}

/** Issues an authorization code (RFC 6749 §4.1.2). It already carries the id of the grant that redeeming it will open. */
export async function issueCode(
  { sources, policy }: AuthParts,
  batches: CodeBatches,
  { type: _type, ...message }: MessageOf<AuthMessage, 'issueCode'>,
): Promise<Sensitive> {
  const now = sources.now();
  const code = newSecret(sources.randomBytes);
  await batches.insert({
    ...message,
    codeHash: hashSecret(code),
    grantId: timeOrderedUuid(now, sources.randomUuid),
    issuedAt: now,
    expiresAt: new Date(now.getTime() + policy.authorizationCodeLifetimeSeconds * 1000),
  });
  return new Sensitive(code);
}

/**
 * Redeems a code (RFC 6749 §4.1.3, RFC 7636 §4.6). It is spent before anything else is checked, so that a verifier can be
 * tried once; a code that comes a second time revokes what the first time issued (RFC 6749 §4.1.2). The consent counts as it
 * stands now, for it may have been withdrawn after the code was asked for and before it was there to be spent. Throws
 * InvalidGrant.
 */
export async function redeemCode(
  parts: AuthParts,
  batches: CodeBatches,
  message: MessageOf<AuthMessage, 'redeemCode'>,
): Promise<RedeemedCode> {
  const { codeHash, client, caller } = message;
  const { clientId } = client;
  const result = await batches.claim({ codeHash, clientId });
  if (result.kind === 'spent') {
    const { grantId, userId } = result;
    await parts.tokens.ask({ type: 'revokeGrant', grantId, clientId, userId, caller });
    recordEvent(parts, { type: 'code_replayed', clientId, userId, caller, detail: { grantId } });
  }
  if (result.kind !== 'claimed' || result.userBarred || !belongsTo(message, result.code)) {
    throw new InvalidGrant(NOT_REDEEMABLE);
  }
  const { grantId, userId, redirectUri, scope, nonce, authenticatedAt } = result.code;
  if (!result.consented && restsOnConsent(client, redirectUri)) {
    recordEvent(parts, { type: 'code_without_consent', clientId, userId, caller, detail: { scope } });
    throw new InvalidGrant(NOT_REDEEMABLE);
  }
  return { grantId, userId, scope, nonce, authenticatedAt };
}

/** Whether the request comes from where the code was sent: same redirect URI, and the verifier of its challenge. */
function belongsTo(
  { redirectUri, codeVerifier }: MessageOf<AuthMessage, 'redeemCode'>,
  code: StoredCode,
): boolean {
  if (redirectUri !== null && redirectUri !== code.redirectUri) return false;
  if (code.codeChallenge === null) {
    // A verifier without a challenge is a sign of a downgrade (RFC 9700 §4.8.2).
    return codeVerifier === null && redirectUri !== null;
  }
  return codeVerifier !== null && verifierMatches(codeVerifier, code.codeChallenge);
}
