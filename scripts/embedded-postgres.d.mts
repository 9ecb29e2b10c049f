export interface PostgresOptions {
  /** Default 200. */
  readonly maxConnections?: number;
  /** Further `name=value` server settings, e.g. `{ log_min_duration_statement: '100' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The folder of another PostgreSQL's programs. */
  readonly programs?: string;
  /** In PEM. The server speaks TLS once `settings` have `ssl: 'on'`. */
  readonly certificate?: { readonly certificate: string; readonly key: string };
}

export interface RunningPostgres {
  /** A superuser's URL of the database `postgres`. */
  readonly url: string;
  readonly port: number;
  /** The server's own process: a test may suspend it (SIGSTOP) or crash it (SIGKILL, SIGQUIT). */
  readonly pid: number;
  /** Ends the server and every session, and keeps the data; `pid` is then gone for good. */
  shutDown(): Promise<void>;
  /** After `shutDown`: starts it again on the same data and port. */
  startAgain(): Promise<void>;
  /** Stops the server and removes its folder; may be called twice. */
  stop(): Promise<void>;
}

/**
 * A real PostgreSQL from npm in a temporary folder, on a free port of 127.0.0.1, with default durability.
 * It does not outlive the calling process, however that one ends.
 */
export function startPostgres(options?: PostgresOptions): Promise<RunningPostgres>;
