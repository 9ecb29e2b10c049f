import { countOrAuto, integer, type Setting } from './config-values.ts';

/** How much a process takes on, how long it gives each part of it, and what it keeps in memory: what one tunes under load. */
export const LIMITS = {
  statementTimeoutMs: {
    variable: 'OAUTH2_STATEMENT_TIMEOUT_MS',
    ...integer(1, 600_000),
    default: '2000',
    about: 'Longest SQL statement in milliseconds',
  },
  askTimeoutMs: {
    variable: 'OAUTH2_ASK_TIMEOUT_MS',
    ...integer(1, 600_000),
    default: '5000',
    about: "Longest wait for an actor's answer in milliseconds, above the statement's",
  },
  httpTimeoutMs: {
    variable: 'OAUTH2_HTTP_TIMEOUT_MS',
    ...integer(1, 600_000),
    default: '10000',
    about: "Longest HTTP request in milliseconds, above the actor's",
  },
  shutdownTimeoutMs: {
    variable: 'OAUTH2_SHUTDOWN_TIMEOUT_MS',
    ...integer(1, 600_000),
    default: '20000',
    about: "Longest drain on shutdown in milliseconds, above the HTTP request's",
  },
  shutdownDelayMs: {
    variable: 'OAUTH2_SHUTDOWN_DELAY_MS',
    ...integer(0, 600_000),
    default: '0',
    about:
      'How long to serve on after SIGTERM while `/ready` says no, before the drain, so that a load balancer notices; in milliseconds',
  },
  requestLimit: {
    variable: 'OAUTH2_REQUEST_LIMIT',
    ...integer(1, 100_000),
    default: '600',
    about: 'Requests in progress; more are answered with 503 at once',
  },
  requestWaitMs: {
    variable: 'OAUTH2_REQUEST_WAIT_MS',
    ...integer(10, 60_000),
    default: '250',
    about:
      'What a request may have to wait for those before it, in milliseconds; else it is answered with 503',
  },
  connectionLimit: {
    variable: 'OAUTH2_CONNECTION_LIMIT',
    ...integer(10, 1_000_000),
    default: '10000',
    about: 'Connections at once; a new one then gets the place of one that nothing is being done for',
  },
  mailboxLimit: {
    variable: 'OAUTH2_MAILBOX_LIMIT',
    ...integer(1, 100_000),
    default: '1000',
    about: 'Messages that may wait for one actor; more are answered with 503',
  },
  actorConcurrency: {
    variable: 'OAUTH2_ACTOR_CONCURRENCY',
    ...integer(1, 10_000),
    default: '256',
    about: 'Messages that one actor has in flight',
  },
  actorInstances: {
    variable: 'OAUTH2_ACTOR_INSTANCES',
    ...integer(1, 16),
    default: '1',
    about: 'Instances of each of TokenActor, AuthActor and ClientActor',
  },
  restartLimit: {
    variable: 'OAUTH2_RESTART_LIMIT',
    ...integer(0, 1000),
    default: '5',
    about: 'Restarts of an actor within the window before the process gives up',
  },
  restartWindowMs: {
    variable: 'OAUTH2_RESTART_WINDOW_MS',
    ...integer(1000, 3_600_000),
    default: '60000',
    about: 'Window in which restarts are counted, in milliseconds',
  },
  clientCacheSize: {
    variable: 'OAUTH2_CLIENT_CACHE_SIZE',
    ...integer(1, 1_000_000),
    default: '10000',
    about: 'Client records kept in memory',
  },
  signingThreads: {
    variable: 'OAUTH2_SIGNING_THREADS',
    ...countOrAuto(0, 16),
    default: 'auto',
    about:
      'Threads of each worker that sign tokens besides the one that serves; `auto`: one where the workers leave a core',
  },
  tokenCacheSize: {
    variable: 'OAUTH2_TOKEN_CACHE_SIZE',
    ...integer(1, 1_000_000),
    default: '10000',
    about:
      'Access tokens whose verified claims are kept in memory; whether one was revoked is asked each time',
  },
} satisfies Record<string, Setting>;
