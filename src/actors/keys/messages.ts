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

/** What a rotation came to. */
export interface Rotation {
  readonly keys: readonly KeySummary[];
  /** The ids of the keys that were made: none of an algorithm for which one was waiting already. */
  readonly made: readonly string[];
}

export type KeysMessage =
  /** Makes the first keys where there are none; refuses to go on with keys that the master secret does not open. */
  | { readonly type: 'ensure' }
  | { readonly type: 'signer'; readonly algorithm: SigningAlgorithm }
  | { readonly type: 'verificationKey'; readonly kid: string }
  | { readonly type: 'jwks' }
  /** Publishes a new key for each algorithm that none waits for; it signs once every verifier had time to fetch it. */
  | { readonly type: 'rotate'; readonly caller: Caller }
  /**
   * Takes keys out at once: what they signed is worthless from then on. Others take their place at once, before verifiers that
   * keep the JWKS know them. NotFound if one of them is not published.
   */
  | { readonly type: 'revoke'; readonly kids: readonly string[]; readonly caller: Caller }
  | { readonly type: 'list' }
  /** The keys may be others now. */
  | { readonly type: 'reload' }
  /** Reads the keys, and rotates those that the schedule says are due. */
  | { readonly type: 'keepUp' }
  | { readonly type: 'sweep' };

export interface KeysReplies {
  readonly ensure: void;
  readonly signer: CurrentSigner;
  readonly verificationKey: VerificationKey | null;
  /** The key set, and how long it may be kept. */
  readonly jwks: { readonly keys: readonly PublicJwk[]; readonly maxAgeSeconds: number };
  readonly rotate: Rotation;
  readonly revoke: Rotation;
  readonly list: readonly KeySummary[];
  readonly reload: void;
  readonly keepUp: void;
  readonly sweep: void;
}

export type KeysRef = ActorRef<KeysMessage, KeysReplies>;
