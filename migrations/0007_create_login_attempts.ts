import type { Migration } from '../src/database/migration.ts';

/** Failed logins by account and address, as rate-limiter-flexible counts them: owned by the AuthActor. Times in milliseconds. */
export const createLoginAttempts: Migration = {
  name: '0007_create_login_attempts',
  kind: 'expand',
  steps: [
    `
    create table login_attempts (
      key varchar(255) primary key,
      points integer not null default 0,
      expire bigint
    )
  `,
    `create index login_attempts_by_expiry on login_attempts (expire)`,
  ],
};
