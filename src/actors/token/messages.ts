import type { SigningAlgorithm } from '../../oauth/jwt.ts';
import type { Scope } from '../../oauth/scope.ts';
import type { Caller } from '../audit/messages.ts';
import type { Page, PageRequest } from '../paging.ts';
import type { ActorRef } from '../runtime/protocol.ts';

/** What a token request ends with (RFC 6749 §5.1). */
export interface IssuedTokens {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly scope: Scope;
  readonly refreshToken?: string;
  readonly idToken?: string;
}

/** What introspection tells of a live token (RFC 7662 §2.2). Times in seconds since the epoch. */
export interface ActiveToken {
  readonly active: true;
  readonly kind: 'access_token' | 'refresh_token';
  readonly subject: string;
  readonly clientId: string;
  readonly scope: Scope;
  readonly expiresAt: number;
  readonly issuedAt: number;
  readonly tokenId?: string;
}

/** An access token that has not expired, as an admin sees it: never the token itself. */
export interface AccessTokenSummary {
  readonly tokenId: string;
  readonly clientId: string;
  readonly userId: string | null;
  readonly grantId: string | null;
  /** As it goes over the wire. */
  readonly scope: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  /** By itself, or with its grant, its client or its user. */
  readonly revoked: boolean;
}

/** A grant that has not expired, as an admin sees it. */
export interface GrantSummary {
  readonly grantId: string;
  readonly clientId: string;
  readonly userId: string;
  readonly scope: string;
  readonly createdAt: Date;
  /** When it opened, or its refresh token was last used. */
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
  /** Whether it has a refresh token. */
  readonly refreshable: boolean;
  /** By itself, or with its client or its user. */
  readonly revoked: boolean;
}

/** Whose access tokens are listed. */
export type TokenOwner =
  { readonly clientId: string } | { readonly userId: string } | { readonly grantId: string };

/** Whose grants are listed; all of them if nobody is named. */
export interface GrantFilter {
  readonly clientId: string | null;
  readonly userId: string | null;
}

export type Introspection = ActiveToken | { readonly active: false };

/** What a client may do for a user, by all of its live grants together. */
export interface Connection {
  readonly clientId: string;
  readonly scope: Scope;
  readonly since: Date;
  /** When a grant was last opened or its refresh token rotated. */
  readonly lastUsedAt: Date;
}

export type TokenMessage =
  | { readonly type: 'issueForClient'; readonly clientId: string; readonly scope: Scope }
  | {
      /** Opens the grant that an authorization code promised and issues its first tokens. */
      readonly type: 'issueForGrant';
      readonly grantId: string;
      readonly clientId: string;
      readonly userId: string;
      readonly scope: Scope;
      readonly withRefreshToken: boolean;
      /** Present under the scope openid: what the ID token says besides the access token. */
      readonly idToken: {
        readonly algorithm: SigningAlgorithm;
        readonly nonce: string | null;
        readonly authenticatedAt: Date;
      } | null;
    }
  | {
      readonly type: 'rotateRefresh';
      readonly refreshToken: string;
      readonly clientId: string;
      readonly scope: Scope | null;
      readonly caller: Caller;
    }
  | {
      /** What a token is worth to this client; null: to this server itself, for its own endpoints. */
      readonly type: 'introspect';
      readonly token: string;
      readonly clientId: string | null;
    }
  | {
      /** Revokes a token of this client: an access token alone, a refresh token with its whole grant (RFC 7009 §2.1). */
      readonly type: 'revokeToken';
      readonly token: string;
      readonly clientId: string;
      readonly caller: Caller;
    }
  | {
      /** Revokes a grant, also one that is not open yet: it then never opens. */
      readonly type: 'revokeGrant';
      readonly grantId: string;
      readonly clientId: string;
      readonly userId: string;
      readonly caller: Caller;
    }
  /** Revokes all grants that a user gave a client. */
  | {
      readonly type: 'revokeGrantsOf';
      readonly userId: string;
      readonly clientId: string;
      readonly caller: Caller;
    }
  /** The clients that hold a live grant of a user. */
  | { readonly type: 'listConnections'; readonly userId: string }
  /** Whether the client holds a grant of the user's; also one that the list has no room for. */
  | { readonly type: 'isConnected'; readonly userId: string; readonly clientId: string }
  /** Revokes everything of a client that is disabled, also what a replica that does not know yet may still issue. */
  | { readonly type: 'revokeClient'; readonly clientId: string }
  /** The client is enabled again; what it was issued before stays revoked. */
  | { readonly type: 'readmitClient'; readonly clientId: string }
  /** Revokes everything of a user who is disabled. */
  | { readonly type: 'revokeUser'; readonly userId: string }
  /** The user is enabled again; what was issued before stays revoked. */
  | { readonly type: 'readmitUser'; readonly userId: string }
  /** Revokes what was issued for a user so far; what comes after counts. */
  | { readonly type: 'revokeIssuedToUser'; readonly userId: string }
  /** The same for a client. Both are for an admin who acts, and audited. */
  | { readonly type: 'revokeAllOfClient'; readonly clientId: string; readonly caller: Caller }
  | { readonly type: 'revokeAllOfUser'; readonly userId: string; readonly caller: Caller }
  /** Revokes one access token, whosever it is. Throws NotFound if there is none that lives. */
  | { readonly type: 'revokeAccessToken'; readonly tokenId: string; readonly caller: Caller }
  /** Revokes a grant, whosever it is. Throws NotFound if there is none. */
  | { readonly type: 'revokeGrantById'; readonly grantId: string; readonly caller: Caller }
  | { readonly type: 'listAccessTokens'; readonly owner: TokenOwner; readonly page: PageRequest }
  | { readonly type: 'listGrants'; readonly filter: GrantFilter; readonly page: PageRequest }
  /** Whom an ID token of ours is about, expired or not; null for anything else. */
  | { readonly type: 'identify'; readonly idToken: string }
  /** How many access tokens are neither expired nor revoked; an estimate where there are many. */
  | { readonly type: 'countActive' }
  /** Makes what the coming days need, before the first request. */
  | { readonly type: 'prepare' }
  | { readonly type: 'sweep' }
  /** The signing keys are others now: what is remembered of them may be wrong. */
  | { readonly type: 'forgetKeys' };

export interface TokenReplies {
  readonly issueForClient: IssuedTokens;
  readonly issueForGrant: IssuedTokens;
  readonly rotateRefresh: IssuedTokens;
  readonly introspect: Introspection;
  readonly revokeToken: void;
  readonly revokeGrant: void;
  readonly revokeGrantsOf: void;
  readonly listConnections: readonly Connection[];
  readonly isConnected: boolean;
  readonly revokeClient: void;
  readonly readmitClient: void;
  readonly revokeUser: void;
  readonly readmitUser: void;
  readonly revokeIssuedToUser: void;
  readonly revokeAllOfClient: void;
  readonly revokeAllOfUser: void;
  readonly revokeAccessToken: void;
  readonly revokeGrantById: void;
  readonly listAccessTokens: Page<AccessTokenSummary>;
  readonly listGrants: Page<GrantSummary>;
  readonly identify: string | null;
  readonly countActive: number;
  readonly prepare: void;
  readonly sweep: void;
  readonly forgetKeys: void;
}

export type TokenRef = ActorRef<TokenMessage, TokenReplies>;
