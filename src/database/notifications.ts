import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const RETRY_MS = 1000;
const CLOSE_TIMEOUT_MS = 1000;

export interface ListenOptions {
  readonly url: string;
  /** What is done with the payload of a notification, by its channel. */
  readonly channels: Readonly<Record<string, (payload: string) => void>>;
  /** The connection was lost or is new: notifications may have been missed. */
  readonly onGap: () => void;
}

/** Listens to PostgreSQL channels on a connection of its own, and connects again whenever that is lost. */
export function listen(options: ListenOptions): { close(): Promise<void> } {
  let closed = false;
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;

  const connect = async (): Promise<void> => {
    let connection: pg.Client | undefined;
    let lost = false;
    const onLost = () => {
      if (lost) return;
      lost = true;
      options.onGap();
      connection?.end().catch(() => undefined);
      if (!closed) retry = setTimeout(() => void connect(), RETRY_MS).unref();
    };
    try {
      // Reads the URL's certificate files, which may be just being replaced.
      connection = new pg.Client({
        connectionString: options.url,
        application_name: 'stagedoor listener',
        keepAlive: true,
        connectionTimeoutMillis: 5000,
      });
      client = connection;
      connection.on('error', onLost);
      connection.on('end', onLost);
      connection.on('notification', ({ channel, payload }) => {
        options.channels[channel]?.(payload ?? '');
      });
      await connection.connect();
      for (const channel of Object.keys(options.channels))
        await connection.query(`listen ${connection.escapeIdentifier(channel)}`);
      options.onGap();
    } catch {
      onLost();
    }
  };

  void connect();
  return {
    close: async () => {
      closed = true;
      clearTimeout(retry);
      // A connection whose other end is gone would keep a shutdown waiting.
      await Promise.race([
        client?.end().catch(() => undefined),
        sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false }),
      ]);
    },
  };
}
