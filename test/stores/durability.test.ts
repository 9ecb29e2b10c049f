import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stagedoor-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Opens the embedded database in a process that counts what it asks the operating system to write to the disk, and uses it so. */
async function counting(use: string): Promise<any> {
  const script = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    let syncs = 0;
    const { fsyncSync } = fs;
    fs.fsyncSync = (descriptor) => { syncs += 1; fsyncSync(descriptor); };
    syncBuiltinESMExports();
    const { openEmbedded } = await import(${JSON.stringify(resolve('dist/src/database/database.js'))});
    const database = await openEmbedded(${JSON.stringify(folder)});
    const queries = database.queriesOf('test');
    const run = (sql) => queries.query({ name: sql, sql });
    ${use}
    await database.close();`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  expect(await once(child, 'close')).toEqual([0, null]);
  return JSON.parse(text);
}

test('what the embedded database has committed is on the disk before the answer, and a new one is as a whole', async () => {
  const made = await counting(`
    const [{ fsync }] = await run('show fsync');
    console.log(JSON.stringify({ fsync, syncs }));`);
  expect(made.fsync).toBe('on');
  // There are several hundred files in a new database.
  expect(made.syncs).toBeGreaterThan(300);

  const counts: number[] = await counting(`
    await run('create table things (id int)');
    const counts = [];
    for (let id = 0; id < 20; id += 1) {
      const before = syncs;
      await run('insert into things values (' + id + ')');
      counts.push(syncs - before);
    }
    console.log(JSON.stringify(counts));`);
  expect(counts).toHaveLength(20);
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(1);

  expect(
    await counting(`console.log(JSON.stringify(await run('select count(*)::int as count from things')));`),
  ).toEqual([{ count: 20 }]);
});
