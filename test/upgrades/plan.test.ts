import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MIGRATIONS } from '../../src/database/migrations.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { migratedDatabase, runCli } from '../support/server.ts';
import { ask, databaseAt, SECRET } from './databases.ts';
import { laterRelease } from './releases.ts';

let empty: TestDatabase;
let before: TestDatabase;
let current: TestDatabase;
beforeAll(async () => {
  [empty, before, current] = await Promise.all([createTestDatabase(), databaseAt(10), migratedDatabase()]);
});
afterAll(() => Promise.all([empty.drop(), before.drop(), current.drop()]));

async function plan(env: Record<string, string>, cli?: string): Promise<string> {
  const { code, stdout, stderr } = await runCli(['migrate', '--plan'], env, '', cli);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

const on = ({ url }: TestDatabase) => ({ OAUTH2_DATABASE_URL: url, OAUTH2_SECRET: SECRET });

const TABLES = `select relname, reloptions from pg_class where relnamespace = 'public'::regnamespace order by 1`;

test('migrate --plan says each step, its locks and what they mean for requests, and changes nothing', async () => {
  const tables = await ask(before.url, TABLES);
  const text = await plan(on(before));
  expect(text).toMatch(/^0011_keep_writes_small \(expand: code of before goes on working\)$/m);
  expect(text).toContain(`
  1. alter table grants add column expires_on date not null default '-infinity'
     ACCESS EXCLUSIVE on grants (about 0 rows, 1 MB): requests wait 100 ms at most; tried again if others hold the table
  2. create index concurrently grants_by_expiry_day on grants (expires_on)
     SHARE UPDATE EXCLUSIVE on grants (about 0 rows, 1 MB): no request waits; takes as long as the table is large
  3. drop index concurrently grants_by_expiry
     SHARE UPDATE EXCLUSIVE on grants (about 0 rows, 1 MB): no request waits
     code of before goes on working: only the sweep of the version before used it, which is slower for the time of a rollout
  4. alter table grants set (fillfactor = 85)
     SHARE UPDATE EXCLUSIVE on grants (about 0 rows, 1 MB): no request waits
`);
  expect(text).toMatch(
    /^3 migration\(s\) to apply\. All of it is safe while servers run\. Nothing was changed; "stagedoor migrate" applies it\.\n$/m,
  );
  expect(await ask(before.url, TABLES)).toEqual(tables);
});

test('what an interrupted run has done is told from what is left', async () => {
  await ask(
    before.url,
    `insert into schema_changes (name, kind, steps_done) values ('0011_keep_writes_small', 'expand', 3)`,
  );
  expect((await plan(on(before))).match(/done by a run that was interrupted/g)).toHaveLength(3);
});

test('where there is nothing to do it says so, and where there is everything it says that', async () => {
  expect(await plan(on(current))).toBe('The schema is up to date: nothing to do.\n');
  const text = await plan(on(empty));
  expect(text).toContain(`\n${MIGRATIONS.length} migration(s) to apply. All of it is safe`);
  expect(text).toMatch(/locks nothing that was there before: no request waits/);
  expect(await ask(empty.url, TABLES)).toEqual([]);
});

test('a contract names the code that it needs, and the replicas that keep it from being applied', async () => {
  const later = laterRelease(`[
    { name: '9001_x', kind: 'contract', needs: '0012_note_what_replicas_know', steps: ['alter table grants drop column scope'] },
    { name: '9002_y', kind: 'expand', neededToServe: false, steps: ['create index on_the_way on grants (user_id)'] },
  ]`);
  try {
    await ask(
      current.url,
      `insert into replicas (id, name, version, started_at, seen_at, actors)
       values (gen_random_uuid(), 'old.example:8080', '0.0.9', now(), now(), '[]'),
         (gen_random_uuid(), 'gone.example:8080', '0.0.9', now(), now() - interval '5 minutes', '[]')`,
    );
    const text = await plan(on(current), later.cli);
    expect(text).toMatch(
      /^9001_x \(contract: only code that knows 0012_note_what_replicas_know works after it\)\n {2}REFUSED as long as code runs that does not know it: old\.example:8080 \(version 0\.0\.9\)\n/,
    );
    expect(text).toMatch(
      /^9002_y \(expand: code of before goes on working, and new code does without it\)$/m,
    );
    expect(text).toMatch(
      /SHARE on grants \(.*\): REQUESTS WAIT until it is done, which takes as long as the table is large/,
    );
    expect(text).toMatch(/NOT all of it is safe while servers run: see above\./);
  } finally {
    later.remove();
  }
});

test('on the embedded default it looks at the folder, and makes none', async () => {
  const folder = `${process.cwd()}/node_modules/.cache/no-such-data-folder`;
  expect(await plan({ OAUTH2_DATA_DIR: folder })).toContain(`\n${MIGRATIONS.length} migration(s) to apply.`);
  expect(existsSync(folder)).toBe(false);
});
