import type { Client, ClientMetadata, ClientPolicy } from '../../oauth/client.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import type { Caller } from '../audit/messages.ts';
import type { ActorRef } from '../runtime/protocol.ts';

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
  | { readonly type: 'list'; readonly limit: number }
  /** How many clients there are; an estimate where there are many. */
  | { readonly type: 'count' }
  | {
      /** Adds a secret; the others stop working after the overlap, so that a rotation needs no downtime. */
      readonly type: 'rotateSecret';
      readonly clientId: string;
      readonly overlapSeconds: number;
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
  readonly list: readonly Client[];
  readonly count: number;
  readonly rotateSecret: Sensitive;
  readonly disable: void;
  readonly enable: void;
  readonly forget: void;
  readonly flushLastUsed: void;
}

export type ClientRef = ActorRef<ClientMessage, ClientReplies>;
