import type { SigningAlgorithm } from '../../oauth/jwt.ts';
import type { DerivedKey } from '../../oauth/master-secret.ts';
import type { Sources } from '../../oauth/sources.ts';
import type { AuditRef } from '../audit/messages.ts';
import type { KeysRef } from '../keys/messages.ts';
import type { ActorLimits } from '../runtime/definition.ts';
import type { Guardian } from '../runtime/guardian.ts';
import type { JwtSigner } from './jwt-signer.ts';
import type { KeyCache } from './key-cache.ts';
import type { AccessTokenKey, NewAccessToken, NewGrant, Rotated, Rotation, TokenStore } from './store.ts';
import type { TokenListStore } from './store-lists.ts';
import type { TokenSweepStore } from './sweep-store.ts';
import type { VerifiedTokens } from './verified-tokens.ts';

/** What issued tokens look like and how long they live. */
export interface TokenPolicy {
  readonly issuer: string;
  readonly accessTokenAlgorithm: SigningAlgorithm;
  readonly accessTokenLifetimeSeconds: number;
  /** Counted anew with each rotation. */
  readonly refreshTokenLifetimeSeconds: number;
  /** How long the previous refresh token still answers with its successor. */
  readonly refreshGraceSeconds: number;
  /** How many tokens are known whose signature need not be verified again. */
  readonly tokenCacheSize: number;
}

/** Everything that the TokenActor is made of. */
export interface TokenParts {
  readonly guardian: Guardian;
  readonly limits: ActorLimits;
  readonly store: TokenStore;
  readonly sweepStore: TokenSweepStore;
  readonly listStore: TokenListStore;
  readonly keys: KeysRef;
  readonly audit: AuditRef;
  readonly sources: Sources;
  readonly policy: TokenPolicy;
  readonly signer: JwtSigner;
  /** The first makes refresh tokens, all verify them. */
  readonly refreshKeys: readonly [DerivedKey, ...DerivedKey[]];
}

/** The statements of the token path, each gathering what arrives while the last one is in flight. */
export interface TokenBatches {
  readonly insertAccessToken: (token: NewAccessToken) => Promise<undefined>;
  readonly openGrant: (grant: NewGrant) => Promise<boolean>;
  readonly rotate: (rotation: Rotation) => Promise<Rotated | undefined>;
  readonly isLive: (key: AccessTokenKey) => Promise<boolean>;
}

/** What the handlers work with during one life of the actor. */
export interface TokenTools extends TokenParts {
  readonly keyCache: KeyCache;
  readonly verified: VerifiedTokens;
  readonly batches: TokenBatches;
}
