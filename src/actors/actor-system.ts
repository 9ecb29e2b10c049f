import type { Config } from '../config.ts';
import type { Database } from '../database/database.ts';
import { deriveKeys } from '../oauth/master-secret.ts';
import type { Sensitive } from '../oauth/sensitive.ts';
import type { Sources } from '../oauth/sources.ts';
import type { Actors } from './actors.ts';
import { spawnAudit } from './audit/actor.ts';
import type { AuditEvent } from './audit/messages.ts';
import { AuditStore } from './audit/store.ts';
import { spawnAuthActor } from './auth/actor.ts';
import type { AuthRef } from './auth/messages.ts';
import { Passwords } from './auth/passwords.ts';
import { CodeStore } from './auth/store-codes.ts';
import { LoginAttemptStore } from './auth/store-login-attempts.ts';
import { ConsentStore } from './auth/store-consents.ts';
import { PasswordStore } from './auth/store-passwords.ts';
import { SessionStore } from './auth/store-sessions.ts';
import { AuthSweepStore } from './auth/store-sweep.ts';
import { AdminStore } from './auth/store-admins.ts';
import { UserDetailsStore } from './auth/store-user-details.ts';
import { UserStore } from './auth/store-users.ts';
import { spawnClientActor } from './client/actor.ts';
import { ClientStore } from './client/store.ts';
import { ClientDetailsStore } from './client/store-details.ts';
import { ClientSecretStore } from './client/store-secrets.ts';
import { spawnKeys } from './keys/actor.ts';
import { KeyVault } from './keys/key-vault.ts';
import { KeyStore } from './keys/store.ts';
import { keyTiming } from './keys/timing.ts';
import { spawnReplicas } from './replicas/actor.ts';
import { ReplicaStore } from './replicas/store.ts';
import type { TrafficMeter } from './replicas/traffic-meter.ts';
import { Guardian } from './runtime/guardian.ts';
import type { ActorObserver, ActorRef, Message, Replies } from './runtime/protocol.ts';
import { routeByKey } from './runtime/route-by-key.ts';
import { spawnTokenActor } from './token/actor.ts';
import type { JwtSigner } from './token/jwt-signer.ts';
import type { TokenRef } from './token/messages.ts';
import { TokenListStore } from './token/store-lists.ts';
import { TokenStore } from './token/store.ts';
import { TokenSweepStore } from './token/sweep-store.ts';

const TELL_AGAIN_MS = 50;

export interface ActorSystem extends Actors {
  readonly guardian: Guardian;
  /** Has the actors write down what they gathered, before they are drained. */
  flush(): void;
  /** Has what has expired swept away now, as it is every few minutes from then on. */
  sweep(): void;
  /** A client changed elsewhere; null: changes may have been missed. */
  forgetClient(clientId: string | null): void;
  /** The signing keys changed elsewhere, or may have. */
  reloadKeys(): void;
}

export interface ActorSystemParts {
  readonly config: Config;
  readonly database: Database;
  /** The master secrets, the first of them making what is new. */
  readonly secrets: readonly Sensitive[];
  readonly sources: Sources;
  readonly observer: ActorObserver;
  readonly meter: TrafficMeter;
  readonly signer: JwtSigner;
  readonly onExhausted: (actor: string) => void;
  readonly onAudited: (event: AuditEvent) => void;
  readonly onLostEvent: (event: AuditEvent) => void;
}

/** Spawns the supervision tree. An actor is spawned after those it sends to, so that it is drained before them. */
export function startActors(parts: ActorSystemParts): ActorSystem {
  const { config, database, secrets, sources, observer, meter, signer } = parts;
  const { onExhausted, onAudited, onLostEvent } = parts;
  const { restartLimit, restartWindowMs } = config;
  const guardian = new Guardian({ observer, restartLimit, restartWindowMs, onExhausted });
  const limits = {
    mailboxLimit: config.mailboxLimit,
    concurrency: config.actorConcurrency,
    askTimeoutMs: config.askTimeoutMs,
  };
  const base = { guardian, limits, sources };

  const audit = spawnAudit({
    ...base,
    store: new AuditStore(database.queriesOf('audit')),
    onEvent: onAudited,
    onLost: onLostEvent,
  });
  const keys = spawnKeys({
    ...base,
    audit,
    store: new KeyStore(database.queriesOf('keys')),
    vault: new KeyVault(deriveKeys(secrets, 'signing-key-encryption')),
    timing: keyTiming(config),
    onRead: (unretired, isDifferent) => {
      signer.keepOnly(unretired);
      if (isDifferent) for (const token of tokenInstances) tellUntilTaken(token, { type: 'forgetKeys' });
    },
  });
  const replicas = spawnReplicas({ ...base, meter, store: new ReplicaStore(database.queriesOf('replicas')) });
  const tokenQueries = database.queriesOf('token');
  const tokenInstances = instances(config.actorInstances, 'token', (name) =>
    spawnTokenActor(
      {
        ...base,
        audit,
        keys,
        policy: config,
        signer,
        store: new TokenStore(tokenQueries),
        sweepStore: new TokenSweepStore(tokenQueries),
        listStore: new TokenListStore(tokenQueries),
        refreshKeys: deriveKeys(secrets, 'refresh-token'),
      },
      name,
    ),
  );
  const tokens = routeByKey(tokenInstances, tokenKey);
  const authQueries = database.queriesOf('auth');
  const passwords = new Passwords(config.passwordHashCost);
  const authInstances = instances(config.actorInstances, 'auth', (name) =>
    spawnAuthActor(
      {
        ...base,
        audit,
        tokens,
        passwords,
        policy: config,
        users: new UserStore(authQueries),
        userDetails: new UserDetailsStore(authQueries),
        admins: new AdminStore(authQueries),
        attempts: new LoginAttemptStore(authQueries, config),
        sessions: new SessionStore(authQueries, config.sessionIdleSeconds),
        consents: new ConsentStore(authQueries),
        passwordStore: new PasswordStore(authQueries),
        codes: new CodeStore(authQueries),
        sweepStore: new AuthSweepStore(authQueries),
      },
      name,
    ),
  );
  const auth = routeByKey(authInstances, authKey);
  const forgetClient = (clientId: string | null) => {
    for (const client of clientInstances) tellUntilTaken(client, { type: 'forget', clientId });
  };
  const clientQueries = database.queriesOf('client');
  const clientInstances = instances(config.actorInstances, 'client', (name) =>
    spawnClientActor(
      {
        ...base,
        audit,
        tokens,
        auth,
        store: new ClientStore(clientQueries),
        details: new ClientDetailsStore(clientQueries),
        secrets: new ClientSecretStore(clientQueries),
        cacheSize: config.clientCacheSize,
        announce: forgetClient,
      },
      name,
    ),
  );
  const clients = routeByKey(clientInstances, (message) =>
    'clientId' in message ? (message.clientId ?? '') : '',
  );
  const flush = () => {
    for (const client of clientInstances) client.tell({ type: 'flushLastUsed' });
    for (const one of authInstances) one.tell({ type: 'flushLastSeen' });
  };
  const sweep = () => {
    tokens.tell({ type: 'sweep' });
    auth.tell({ type: 'sweep' });
    replicas.tell({ type: 'sweep' });
    keys.tell({ type: 'sweep' });
  };
  const reloadKeys = () => {
    tellUntilTaken(keys, { type: 'reload' });
  };
  return { guardian, audit, keys, replicas, tokens, auth, clients, forgetClient, reloadKeys, flush, sweep };
}

/** A full mailbox must not keep alive what is to be forgotten: told again until the actor takes it, or has ended. */
function tellUntilTaken<M extends Message, R extends Replies<M>>(actor: ActorRef<M, R>, message: M): void {
  if (actor.tell(message)) return;
  setTimeout(() => {
    tellUntilTaken(actor, message);
  }, TELL_AGAIN_MS).unref();
}

/** What a message to the TokenActor is about, so that work on one grant or client gathers in one instance. */
function tokenKey(message: Parameters<TokenRef['tell']>[0]): string {
  if ('grantId' in message) return message.grantId;
  if ('token' in message) return message.token;
  return 'clientId' in message ? message.clientId : '';
}

/** What a message to the AuthActor is about. */
function authKey(message: Parameters<AuthRef['tell']>[0]): string {
  if ('userId' in message) return message.userId;
  if ('codeHash' in message) return message.codeHash.toString('hex');
  if ('sessionHash' in message) return message.sessionHash.toString('hex');
  return 'username' in message ? message.username : '';
}

function instances<M extends Message, R extends Replies<M>>(
  count: number,
  name: string,
  spawn: (name: string) => ActorRef<M, R>,
): [ActorRef<M, R>, ...ActorRef<M, R>[]] {
  const others = Array.from({ length: count - 1 }, (_, index) => spawn(`${name}-${index + 2}`));
  return [spawn(count === 1 ? name : `${name}-1`), ...others];
}
