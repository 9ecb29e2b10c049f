// A database of any size, written by statements that each write a set. What is made for a number can be told from the number
// alone, so that requests can be made for any of it.
import { createHash } from 'node:crypto';

const DAY_MS = 86_400_000;

const TOKENS_PER_GRANT = 10;

export const REDIRECT_URI = 'https://app.example/callback';

/** @typedef {{ clients: number, tokens: number }} Size */

/** Enough of them that two rotations of the same grant are never under way at once. */
export const grantsOf = ({ tokens }) => Math.max(1000, Math.floor(tokens / TOKENS_PER_GRANT));
export const usersOf = ({ clients }) => clients;

export function clientOf(number) {
  const id = `client${String(number).padStart(16, '0')}`;
  return { client_id: id, client_secret: `secret of ${id}` };
}

export function grantIdOf(number) {
  const hex = createHash('md5').update(`grant ${number}`).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The client of a grant. */
export const clientNumberOfGrant = (number, { clients }) => 1 + (number % clients);

export function sessionOf(userNumber) {
  return createHash('sha256').update(`session ${userNumber}`).digest('base64url');
}

/** The day (UTC) on which tokens of that lifetime expire, and the name of its partition. */
export function partitionOf(lifetimeSeconds) {
  const from = new Date(Math.floor((Date.now() + lifetimeSeconds * 1000) / DAY_MS) * DAY_MS);
  const name = `access_tokens_${from.toISOString().slice(0, 10).replaceAll('-', '')}`;
  return { name, from, to: new Date(from.getTime() + DAY_MS) };
}

/** Makes clients, users with a session each, grants, and revocations of what some clients were issued before. */
export async function fill(run, size) {
  const [client, user] = ["'client' || lpad(number::text, 16, '0')", person('number')];
  await run(`
    insert into clients (client_id, client_name, redirect_uris, grant_types, scope, token_endpoint_auth_method,
      id_token_signed_response_alg, first_party, created_at, updated_at)
    select ${client}, 'Service ' || number, '{${REDIRECT_URI}}',
      '{client_credentials,authorization_code,refresh_token}', 'read write', 'client_secret_post', 'ES256', true,
      now() - number * interval '1 second', now()
    from generate_series(1, ${size.clients}) as number`);
  await run(`
    insert into client_secrets (id, client_id, secret_hash, created_at)
    select gen_random_uuid(), ${client}, sha256(('secret of ' || ${client})::bytea), now()
    from generate_series(1, ${size.clients}) as number`);
  await run(`
    insert into users (id, username, password_hash, created_at, password_changed_at)
    select ${user}, 'person' || number, 'no hash', now() - number * interval '1 second', now() - interval '400 days'
    from generate_series(1, ${usersOf(size)}) as number`);
  await run(`
    insert into sessions (session_hash, user_id, authenticated_at, expires_at, last_seen_at)
    select sha256(translate(rtrim(encode(sha256(('session ' || number)::bytea), 'base64'), '='), '+/', '-_')::bytea),
      ${user}, now(), now() + interval '1 day', now()
    from generate_series(1, ${usersOf(size)}) as number`);
  await run(`
    insert into grants (id, client_id, user_id, scope, created_at, expires_at, expires_on, refresh_generation)
    select md5('grant ' || number)::uuid, 'client' || lpad((1 + number % ${size.clients})::text, 16, '0'),
      ${person(`1 + number % ${usersOf(size)}`)}, 'read write', now() - (number % 800000) * interval '0.1 second',
      now() + interval '30 days', ((now() + interval '30 days') at time zone 'UTC')::date, 0
    from generate_series(1, ${grantsOf(size)}) as number`);
  await run(`
    insert into revocations (subject, issued_until)
    select 'client:client' || lpad(number::text, 16, '0'), now() - interval '2 days'
    from generate_series(1, ${size.clients}) as number where number % 10 = 0`);
}

/** Makes the tokens of one day, half of which belong to grants. Its indexes are built when it is complete, which takes less time. */
export async function fillPartition(run, { name, from, to }, size) {
  await run(`drop table if exists ${name}`);
  await run(`create table ${name} (like access_tokens including defaults including constraints)`);
  await run(`
    insert into ${name} (id, client_id, user_id, grant_id, scope, issued_at, expires_at)
    select uuidv7(), 'client' || lpad((1 + number % ${size.clients})::text, 16, '0'),
      case when number % 2 = 0 then ${person(`1 + number % ${usersOf(size)}`)} end,
      case when number % 2 = 0 then md5('grant ' || 1 + number % ${grantsOf(size)})::uuid end,
      'read', date_trunc('second', now()) - (number % 3600) * interval '1 second',
      '${from.toISOString()}'::timestamptz + (number % 86400) * interval '1 second'
    from generate_series(1, ${size.tokens}) as number`);
  const bounds = `from ('${from.toISOString()}') to ('${to.toISOString()}')`;
  await run(`alter table access_tokens attach partition ${name} for values ${bounds}`);
}

/** The id of a user by number, as an expression of SQL. */
function person(number) {
  return `('00000000-0000-4000-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`;
}
