import pg from 'pg';
import { ADMIN, type TestServer } from '../support/server.ts';
import { eventually } from '../support/eventually.ts';

/** One statement on the database of a server. */
export async function query<Row extends pg.QueryResultRow>(
  server: TestServer,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: server.env.OAUTH2_DATABASE_URL });
  await client.connect();
  try {
    return (await client.query<Row>(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}

export interface AuditedEvent extends pg.QueryResultRow {
  readonly type: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The audit of one client from a server's database. It is written beside the requests, so it is asked until `type` is in it. */
export async function auditOf(
  server: TestServer,
  clientId: string,
  type: string,
): Promise<readonly AuditedEvent[]> {
  const sql = 'select type, detail from audit_events where client_id = $1 order by id';
  return eventually(
    () => query<AuditedEvent>(server, sql, [clientId]),
    (events) => events.some((event) => event.type === type),
  );
}

/** Adds a person with the admin's password, as fast as a row is. */
export async function addPerson(server: TestServer, username: string, disabled = false): Promise<void> {
  const sql = `
    insert into users (id, username, password_hash, created_at, password_changed_at, disabled_at)
    select gen_random_uuid(), $2, password_hash, now(), now(), case when $3 then now() end
    from users where username = $1`;
  await query(server, sql, [ADMIN.username, username, disabled]);
}
