import type { Client, ClientMetadata, ClientPolicy } from '../../oauth/client.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import type { Caller } from '../audit/messages.ts';
import type { Page, PageRequest } from '../paging.ts';
import type { ActorRef } from '../runtime/protocol.ts';

/** A client with what an admin sees of it besides. */
export interface ClientDetails extends Client {
  readonly updatedAt: Date;
  /** Counts the changes; who changes a client says which version they saw. */
  readonly version: number;
}

/** What may be known of a secret after it was shown. */
export interface SecretSummary {
  readonly secretId: string;
  readonly createdAt: Date;
  /** When it stops working, or stopped; null: it does not expire. */
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
}

export interface AddedSecret {
  readonly secret: SecretSummary;
  /** Shown once; only its hash is kept. */
  readonly clientSecret: Sensitive;
}

export interface RegisteredClient {
  readonly client: Client;
  /** Shown once; only its hash is kept. Absent for a public client. */
  readonly clientSecret: Sensitive | null;
}

export type ClientMessage =
  | {
      readonly type: 'register';
      readonly metadata: ClientMetadata;
      readonly policy: ClientPolicy;
      readonly caller: Caller;
    }
  | { readonly type: 'get'; readonly clientId: string }
  | {
      /** Answers the client if the secret is one of its live ones, or if it is public and presents none. */
      readonly type: 'authenticate';
      readonly clientId: string;
      readonly presentedSecret: Sensitive | null;
    }
  /** As it is in the database now, for whoever is about to change it. Throws NotFound. */
  | { readonly type: 'read'; readonly clientId: string }
  | {
      readonly type: 'list';
      /** Words of the name, or a client id; null: all. */
      readonly search: string | null;
      readonly page: PageRequest;
    }
  /** What clients are called, in the order of their ids; null where there is none. */
  | { readonly type: 'listNames'; readonly clientIds: readonly string[] }
  /** How many clients there are; an estimate where there are many. */
  | { readonly type: 'count' }
  | {
      /** Throws NotFound, PreconditionFailed if the version is another, UnprocessableContent if the parts contradict. */
      readonly type: 'update';
      readonly clientId: string;
      /** The versions that will do; null: whichever there is. */
      readonly versions: readonly number[] | null;
      readonly changes: Partial<ClientMetadata & ClientPolicy>;
      readonly caller: Caller;
    }
  /** Deletes a client with its secrets and consents, and revokes all that it was issued. Throws NotFound or PreconditionFailed. */
  | {
      readonly type: 'delete';
      readonly clientId: string;
      /** The versions that will do; null: whichever there is. */
      readonly versions: readonly number[] | null;
      readonly caller: Caller;
    }
  /** Throws NotFound. */
  | { readonly type: 'listSecrets'; readonly clientId: string }
  | {
      /** Adds a secret beside the others, so that a rotation needs no downtime. Throws NotFound or Conflict. */
      readonly type: 'addSecret';
      readonly clientId: string;
      /** Null: it does not expire. */
      readonly expiresAt: Date | null;
      /** When the others stop working; null: they stay as they are. */
      readonly othersExpireAt: Date | null;
      readonly caller: Caller;
    }
  | {
      readonly type: 'expireSecret';
      readonly clientId: string;
      readonly secretId: string;
      /** Null: now. */
      readonly expiresAt: Date | null;
      readonly caller: Caller;
    }
  | { readonly type: 'disable'; readonly clientId: string; readonly caller: Caller }
  | { readonly type: 'enable'; readonly clientId: string; readonly caller: Caller }
  /** Another replica changed this client; null: changes may have been missed. */
  | { readonly type: 'forget'; readonly clientId: string | null }
  | { readonly type: 'flushLastUsed' };

export interface ClientReplies {
  readonly register: RegisteredClient;
  readonly get: Client | null;
  readonly authenticate: Client;
  readonly read: ClientDetails;
  readonly list: Page<ClientDetails>;
  readonly listNames: readonly (string | null)[];
  readonly count: number;
  readonly update: ClientDetails;
  readonly delete: void;
  readonly listSecrets: readonly SecretSummary[];
  readonly addSecret: AddedSecret;
  readonly expireSecret: SecretSummary;
  readonly disable: ClientDetails;
  readonly enable: ClientDetails;
  readonly forget: void;
  readonly flushLastUsed: void;
}

export type ClientRef = ActorRef<ClientMessage, ClientReplies>;
