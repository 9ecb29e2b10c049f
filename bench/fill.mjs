// A database as it is after years: for the test of the plans and the measurement of the panel.

/**
 * Fills a migrated database. Half of the tokens belong to one client, as they do where one service asks for most of them; one
 * user has a thousand grants. `run` runs one statement.
 */
export async function fillDatabase(run, { clients, users, tokens, grants, events }) {
  await run(`
    insert into clients (client_id, client_name, redirect_uris, grant_types, scope, token_endpoint_auth_method,
      id_token_signed_response_alg, created_at, updated_at)
    select 'client' || lpad(number::text, 16, '0'),
      (array['Billing', 'Warehouse', 'Invoices', 'Search', 'Mail'])[1 + number % 5] || ' service ' || number,
      '{}', '{client_credentials}', 'read', 'client_secret_basic', 'RS256',
      now() - number * interval '1 minute', now()
    from generate_series(1, ${clients}) as number`);
  await run(`
    insert into client_secrets (id, client_id, secret_hash, created_at)
    select gen_random_uuid(), client_id, sha256(client_id::bytea), now() from clients where client_name like '%service%'`);
  await run(`
    insert into users (id, username, name, email, password_hash, created_at, password_changed_at)
    select ${person('number')}, 'person' || number, 'Person Number' || number,
      'person' || number || '@mail.example', 'no hash', now() - number * interval '1 minute', now() - interval '400 days'
    from generate_series(1, ${users}) as number`);
  await run(`
    insert into sessions (session_hash, user_id, authenticated_at, expires_at, last_seen_at)
    select sha256(id::text::bytea), id, now(), now() + interval '1 hour', now() from users`);
  await run(`
    insert into consents (user_id, client_id, scope, decided_at)
    select id, 'client' || lpad((1 + row_number() over ())::text, 16, '0'), 'read', now() from users`);
  await run(`
    insert into grants (id, client_id, user_id, scope, created_at, expires_at, refresh_generation)
    select gen_random_uuid(), 'client' || lpad((1 + number % ${clients})::text, 16, '0'),
      ${person(`case when number <= 1000 then 1 else 1 + number % ${users} end`)},
      'openid read', now() - number * interval '1 second', now() + interval '30 days', 0
    from generate_series(1, ${grants}) as number`);
  await run(`
    insert into access_tokens (id, client_id, user_id, grant_id, scope, issued_at, expires_at)
    select gen_random_uuid(),
      'client' || lpad((case when number % 2 = 0 then 1 else 1 + number % ${clients} end)::text, 16, '0'),
      case when number % 4 = 1 then ${person(`1 + number % ${users}`)} end, null, 'read',
      date_trunc('second', now()) - (number % 3600) * interval '1 second',
      date_trunc('second', now()) + (600 + number % 86400) * interval '1 second'
    from generate_series(1, ${tokens}) as number`);
  await run(`
    insert into audit_events (occurred_at, type, client_id, user_id, detail)
    select now() - number * interval '1 second',
      (array['login_succeeded', 'login_failed', 'consent_granted', 'grant_revoked', 'access_token_revoked'])[1 + number % 5],
      'client' || lpad((1 + number % ${clients})::text, 16, '0'),
      ${person(`1 + number % ${users}`)}, '{}'
    from generate_series(1, ${events}) as number`);
  await run(`
    insert into revocations (subject, issued_until)
    select subject, now() - interval '1 day'
    from generate_series(1, ${clients}) as number,
      lateral (values ('client:client' || lpad(number::text, 16, '0')), ('user:' || ${person('number')})) as revoked (subject)`);
  await run(`
    insert into login_attempts (key, points, expire)
    select 'pair:' || encode(sha256(number::text::bytea), 'base64') || ' 10.0.0.1', 1,
      (extract(epoch from now()) * 1000)::int8 + 900000
    from generate_series(1, ${users}) as number`);
  await run('vacuum analyze');
}

/** The id of a user by number, as an expression of SQL. */
function person(number) {
  return `('00000000-0000-4000-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`;
}
