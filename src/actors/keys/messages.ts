import type { SigningAlgorithm, SigningKey, VerificationKey } from '../../oauth/jwt.ts';
import type { Caller } from '../audit/messages.ts';
import type { ActorRef } from '../runtime/protocol.ts';

/** A key that is good for signing until then; ask again afterwards. */
export interface CurrentSigner extends SigningKey {
  readonly validUntil: Date;
}

/** A public key as the JWKS shows it (RFC 7517). */
export type PublicJwk = Readonly<Record<string, unknown>>;

export type KeyState = 'next' | 'current' | 'retired';

export interface KeySummary {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly state: KeyState;
  readonly createdAt: Date;
  readonly activatesAt: Date;
  readonly expiresAt: Date | null;
}

export type KeysMessage =
  /** Makes the first keys where there are none; refuses to go on with keys that the master secret does not open. */
  | { readonly type: 'ensure' }
  | { readonly type: 'signer'; readonly algorithm: SigningAlgorithm }
  | { readonly type: 'verificationKey'; readonly kid: string }
  | { readonly type: 'jwks' }
  /** Publishes a new key for each algorithm; it signs once every verifier had time to fetch it. */
  | { readonly type: 'rotate'; readonly caller: Caller }
  | { readonly type: 'list' }
  | { readonly type: 'reload' };

export interface KeysReplies {
  readonly ensure: void;
  readonly signer: CurrentSigner;
  readonly verificationKey: VerificationKey | null;
  readonly jwks: { readonly keys: readonly PublicJwk[] };
  readonly rotate: readonly KeySummary[];
  readonly list: readonly KeySummary[];
  readonly reload: void;
}

export type KeysRef = ActorRef<KeysMessage, KeysReplies>;
