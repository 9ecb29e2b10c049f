import type { Knex } from 'knex';

/** Failed logins by account and address, as rate-limiter-flexible counts them: owned by the AuthActor. Times in milliseconds. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table login_attempts (
      key varchar(255) primary key,
      points integer not null default 0,
      expire bigint
    )
  `);
  await knex.raw(`create index login_attempts_by_expiry on login_attempts (expire)`);
}
