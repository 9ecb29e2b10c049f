/** The admin API as it is on the wire, where names are snake_case and times ISO 8601 strings in UTC. */

export interface List<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

export type GrantType = 'authorization_code' | 'refresh_token' | 'client_credentials';
export type AuthMethod = 'client_secret_basic' | 'client_secret_post' | 'none';
export type SigningAlgorithm = 'RS256' | 'ES256';

/** What an admin writes of a client. */
export interface ClientInput {
  readonly client_name: string;
  readonly client_uri: string | null;
  readonly redirect_uris: readonly string[];
  readonly grant_types: readonly GrantType[];
  readonly scope: string;
  readonly token_endpoint_auth_method: AuthMethod;
  readonly id_token_signed_response_alg: SigningAlgorithm;
  readonly first_party: boolean;
  readonly pkce_required: boolean;
}

export interface Client extends ClientInput {
  readonly client_id: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly disabled_at: string | null;
}

export interface NewClient {
  readonly client: Client;
  readonly client_secret: string | null;
}

export interface Secret {
  readonly secret_id: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly live: boolean;
}

export interface NewSecret {
  readonly secret: Secret;
  readonly client_secret: string;
}

export type Role = 'admin';

export interface User {
  readonly user_id: string;
  readonly username: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly email_verified: boolean;
  readonly roles: readonly Role[];
  readonly created_at: string;
  readonly disabled_at: string | null;
  readonly locked_until: string | null;
}

/** The password is there only if the server made it. */
export interface NewUser {
  readonly user: User;
  readonly password: string | null;
}

export interface Session {
  readonly session_id: string;
  readonly authenticated_at: string;
  readonly last_seen_at: string;
  readonly expires_at: string;
  readonly remote_address: string | null;
  readonly user_agent: string | null;
}

/** Who an id belongs to, where the server says so; whoever is gone has no name any more. */
export interface Names {
  readonly client_name: string | null;
  readonly username: string | null;
}

export type Standing = 'active' | 'revoked';

export interface AccessToken extends Names {
  readonly token_id: string;
  readonly client_id: string;
  readonly user_id: string | null;
  readonly grant_id: string | null;
  readonly scope: string;
  readonly issued_at: string;
  readonly expires_at: string;
  readonly status: Standing;
}

export interface Grant extends Names {
  readonly grant_id: string;
  readonly client_id: string;
  readonly user_id: string;
  readonly scope: string;
  readonly created_at: string;
  readonly last_used_at: string | null;
  readonly expires_at: string;
  readonly refreshable: boolean;
  readonly status: Standing;
}

export interface Key {
  readonly kid: string;
  readonly algorithm: string;
  readonly state: 'next' | 'current' | 'retired';
  readonly created_at: string;
  readonly activates_at: string;
  readonly expires_at: string | null;
}

/** The keys after a change, and the ids of those that are new. */
export interface KeyRotation {
  readonly items: readonly Key[];
  readonly made: readonly string[];
}

export interface AuditEvent extends Names {
  readonly id: string;
  readonly occurred_at: string;
  readonly type: string;
  readonly client_id: string | null;
  readonly user_id: string | null;
  readonly actor: string | null;
  readonly actor_name: string | null;
  readonly remote_address: string | null;
  readonly request_id: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface TrafficMinute {
  readonly at: string;
  readonly requests: number;
  readonly errors: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
}

export interface ActorState {
  readonly name: string;
  readonly mailbox_depth: number;
  readonly mailbox_limit: number;
  readonly in_flight: number;
  readonly concurrency_limit: number;
  readonly restarts: number;
}

export interface Replica {
  readonly replica_id: string;
  readonly name: string;
  readonly version: string;
  readonly started_at: string;
  readonly seen_at: string;
  /** Whether the answer is from it. */
  readonly answering: boolean;
  /** Known of the one that answers. */
  readonly ready: boolean | null;
  readonly actors: readonly ActorState[];
}

export interface Overview {
  readonly counts: { readonly active_tokens: number; readonly clients: number; readonly users: number };
  readonly traffic: readonly TrafficMinute[];
  readonly replicas: readonly Replica[];
  readonly health: { readonly ready: boolean; readonly checks: Readonly<Record<string, string>> };
}

export interface FieldMistake {
  readonly field: string;
  readonly message: string;
}

/** An error of the API (RFC 9457). */
export interface Problem {
  readonly status: number;
  readonly title?: string;
  readonly detail?: string;
  readonly error?: string;
  readonly errors?: readonly FieldMistake[];
}
