// The TokenActor's SQL. Arrays come in as one parameter per column, so that a batch of any size is one prepared statement.

/** Whether a revocation covers what a client was issued, or a client for a user, at a time. SQL expressions in and out. */
export const isBarred = (clientId: string, userId: string, issuedAt: string) => `exists (
      select from revocations
      where subject = any(array['client:' || ${clientId}, 'user:' || ${userId}::text]) and issued_until >= ${issuedAt}
      offset 0)`;

/** The day (UTC) on which a time falls, by which the sweep finds grants. */
export const dayOf = (time: string) => `(${time} at time zone 'UTC')::date`;

export const INSERT_ACCESS_TOKENS = {
  name: 'access_tokens_insert',
  sql: `
    insert into access_tokens (id, client_id, user_id, grant_id, scope, issued_at, expires_at)
    select id, client_id, user_id, grant_id, scope, to_timestamp(issued_at), to_timestamp(expires_at)
    from unnest(?::uuid[], ?::text[], ?::uuid[], ?::uuid[], ?::text[], ?::float8[], ?::int8[])
      as token (id, client_id, user_id, grant_id, scope, issued_at, expires_at)`,
};

// The set of opened grants is looked into ("is true" keeps it from becoming a join, which would compare each with each).
export const OPEN_GRANTS = {
  name: 'grants_open',
  sql: `
    with input as (
      select * from unnest(?::uuid[], ?::text[], ?::uuid[], ?::text[], ?::uuid[], ?::float8[], ?::int8[], ?::int8[], ?::int4[])
        as input (grant_id, client_id, user_id, scope, token_id, issued_at, token_expires_at, grant_expires_at, generation)
    ), opened as (
      insert into grants (id, client_id, user_id, scope, created_at, expires_at, expires_on, refresh_generation)
      select grant_id, client_id, user_id, scope, to_timestamp(issued_at), to_timestamp(grant_expires_at),
        ${dayOf('to_timestamp(grant_expires_at)')}, generation
      from input
      where not ${isBarred('client_id', 'user_id', 'to_timestamp(issued_at)')}
      on conflict (id) do nothing
      returning id
    ), tokens as (
      insert into access_tokens (id, client_id, user_id, grant_id, scope, issued_at, expires_at)
      select token_id, client_id, user_id, grant_id, scope, to_timestamp(issued_at), to_timestamp(token_expires_at)
      from input where (grant_id in (select id from opened)) is true
    )
    select id from opened`,
};

// The rows are locked in one order, so that two replicas with the same grants in their batches cannot deadlock, and each is looked
// up by its key and brings its request along: two sets, joined, would be compared each with each. After a
// wait for a lock PostgreSQL looks at the row again as it is then: one generation is rotated once. Of the columns that change,
// only the day is indexed, and that is seldom another: the row stays in its page and no index is written.
// A generation above the row's was issued by us, its HMAC says so, and forgotten: a backup was restored, or a standby took over
// that lacked the last commits. Its holder has the newest token there is, so it is rotated like the current one, and whoever
// comes with one from before it is found out.
export const ROTATE = {
  name: 'grants_rotate',
  sql: `
    with input as (
      select * from unnest(?::uuid[], ?::int4[], ?::text[], ?::text[], ?::uuid[], ?::float8[], ?::float8[], ?::int8[], ?::int8[])
        as input (grant_id, generation, client_id, scope, token_id, issued_at, rotated_at, token_expires_at, grant_expires_at)
      order by grant_id
    ), locked as (
      select input.* from input
      cross join lateral (select from grants where id = input.grant_id for update) as held
    ), rotated as (
      update grants
      set refresh_generation = input.generation + 1,
          rotated_at = to_timestamp(input.rotated_at),
          expires_at = to_timestamp(input.grant_expires_at),
          expires_on = ${dayOf('to_timestamp(input.grant_expires_at)')}
      from locked as input
      where grants.id = input.grant_id
        and grants.refresh_generation <= input.generation
        and grants.client_id = input.client_id
        and grants.revoked_at is null
        and not ${isBarred('grants.client_id', 'grants.user_id', 'grants.created_at')}
        and grants.expires_at > to_timestamp(input.issued_at)
        and (input.scope is null or string_to_array(input.scope, ' ') <@ string_to_array(grants.scope, ' '))
      returning grants.id, grants.client_id, grants.user_id, coalesce(input.scope, grants.scope) as scope,
        input.token_id, input.issued_at, input.token_expires_at
    ), tokens as (
      insert into access_tokens (id, client_id, user_id, grant_id, scope, issued_at, expires_at)
      select token_id, client_id, user_id, id, scope, to_timestamp(issued_at), to_timestamp(token_expires_at)
      from rotated
    )
    select token_id, user_id, scope from rotated`,
};

export const FIND_GRANT = {
  name: 'grants_find',
  sql: `
    select client_id, user_id, scope, created_at, expires_at, refresh_generation, rotated_at,
      revoked_at is not null or ${isBarred('client_id', 'user_id', 'created_at')} as revoked
    from grants where id = ?::uuid`,
};

// Each row is looked up by its key (offset 0 keeps it so): joined, a partition that is still empty would be read whole, and go on
// to be while it fills.
export const SELECT_LIVE = {
  name: 'access_tokens_select_live',
  sql: `
    select token.id
    from unnest(?::uuid[], ?::int8[]) as input (id, expires_at)
    cross join lateral (
      select * from access_tokens
      where id = input.id and expires_at = to_timestamp(input.expires_at) and revoked_at is null offset 0
    ) as token
    where (token.grant_id is null
        or exists (select from grants where id = token.grant_id and revoked_at is null offset 0))
      and not ${isBarred('token.client_id', 'token.user_id', 'token.issued_at')}`,
};

// Each grant is looked up (offset 0 keeps it so): a join by hash would read all of them for a sample of the tokens.
export const COUNT_ACTIVE = {
  name: 'access_tokens_count_active',
  sql: `
    select count(*)::int as count
    from access_tokens token tablesample system (?::float8)
    left join lateral (select id, revoked_at from grants where id = token.grant_id offset 0) as grants on true
    where token.expires_at > ?::timestamptz and token.revoked_at is null
      and (token.grant_id is null or (grants.id is not null and grants.revoked_at is null))
      and not ${isBarred('token.client_id', 'token.user_id', 'token.issued_at')}`,
};

export const REVOKE_ACCESS_TOKEN = {
  name: 'access_tokens_revoke',
  sql: `
    update access_tokens set revoked_at = ?::timestamptz
    where id = ?::uuid and expires_at = to_timestamp(?::int8) and revoked_at is null
    returning id`,
};

export const REVOKE_ACCESS_TOKEN_BY_ID = {
  name: 'access_tokens_revoke_by_id',
  sql: `
    update access_tokens set revoked_at = ?::timestamptz
    where id = ?::uuid and expires_at > ?::timestamptz and revoked_at is null
    returning client_id, user_id`,
};

export const REVOKE_GRANT = {
  name: 'grants_revoke',
  sql: `
    insert into grants (id, client_id, user_id, scope, created_at, expires_at, expires_on, revoked_at)
    select input.id, client_id, user_id, '', revoked_at, expires_at, ${dayOf('expires_at')}, revoked_at
    from (select ?::uuid, ?::text, ?::uuid, ?::timestamptz, ?::timestamptz)
      as input (id, client_id, user_id, revoked_at, expires_at)
    on conflict (id) do update set revoked_at = coalesce(grants.revoked_at, excluded.revoked_at)
    returning revoked_at = ?::timestamptz as first`,
};

// Expired ones too: an access token may outlive its grant. Locked in the order of ROTATE.
export const REVOKE_GRANTS_OF = {
  name: 'grants_revoke_of',
  sql: `
    with locked as (
      select id from grants where user_id = ?::uuid and client_id = ? and revoked_at is null order by id for update
    )
    update grants set revoked_at = ?::timestamptz from locked where grants.id = locked.id and revoked_at is null
    returning grants.id`,
};

export const LIST_CONNECTIONS = {
  name: 'grants_list_connections',
  sql: `
    select client_id, coalesce(string_agg(distinct token, ' '), '') as scope, min(created_at) as since,
      max(greatest(created_at, rotated_at)) as last_used_at
    from grants left join lateral unnest(string_to_array(scope, ' ')) as token on true
    where user_id = ?::uuid and revoked_at is null and expires_at > ?::timestamptz
      and not ${isBarred('client_id', 'user_id', 'created_at')}
    group by client_id order by last_used_at desc, client_id limit ?`,
};

export const IS_CONNECTED = {
  name: 'grants_is_connected',
  sql: `
    select exists (
      select 1 from grants
      where user_id = ?::uuid and client_id = ? and revoked_at is null and expires_at > ?::timestamptz
        and not ${isBarred('client_id', 'user_id', 'created_at')}
    ) as present`,
};

export const REVOKE_UNTIL = {
  name: 'revocations_revoke_until',
  sql: `
    insert into revocations (subject, issued_until) values (?, ?::timestamptz)
    on conflict (subject) do update set issued_until = greatest(revocations.issued_until, excluded.issued_until)`,
};

export const READMIT = {
  name: 'revocations_readmit',
  // Only who is barred: whoever is not would lose what was issued since.
  sql: `update revocations set issued_until = ?::timestamptz where subject = ? and issued_until = 'infinity'`,
};
