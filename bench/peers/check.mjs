// Shows that a subject does what the workloads ask of it, and how many statements each request costs its database:
//   node bench/peers/check.mjs NAME
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChildren } from '../children.mjs';
import { startDatabase } from '../database.mjs';
import { Unavailable } from '../subjects/unavailable.mjs';
import { CHECKS, TIMES } from './checks.mjs';
import { countStatements, differences } from './statements.mjs';

const UNAVAILABLE = 3;

const [name] = process.argv.slice(2);
if (!/^[\w-]+$/.test(name ?? '')) {
  console.error('usage: node bench/peers/check.mjs NAME (of a module in bench/subjects)');
  process.exit(2);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1)); // children.mjs ends the rest
process.exitCode = await main();

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-check-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true })); // however it ends
  const database = await startDatabase();
  try {
    await check(database.url, folder);
    return 0;
  } catch (error) {
    const unavailable = error instanceof Unavailable;
    console.error(unavailable ? `${name} is not available here: ${error.message}` : error);
    return unavailable ? UNAVAILABLE : 1;
  } finally {
    await endChildren();
    await database.stop();
  }
}

async function check(databaseUrl, folder) {
  const { start } = await import(`../subjects/${name}.mjs`);
  const subject = await start({ databaseUrl, folder, node: process.execPath });
  const counter = await countStatements(databaseUrl);
  try {
    for (const [title, prepare] of Object.entries(CHECKS)) await report(title, prepare, subject, counter);
  } finally {
    await counter.end();
    await subject.stop();
  }
}

async function report(title, prepare, subject, counter) {
  const [workload] = title.split(' ', 1);
  const reason = subject.unsupported?.[workload];
  if (reason !== undefined) return console.log(`--  ${title}: ${reason}`);
  const request = await prepare(subject);
  const before = await counter.counts();
  let shown;
  for (let time = 0; time < TIMES; time += 1) shown = await request();
  const statements = differences(before, await counter.counts());
  const total = statements.reduce((sum, [, calls]) => sum + calls, 0);
  console.log(`ok  ${title}: ${total / TIMES} statements${shown ? ` (${shown})` : ''}`);
  for (const [query, calls] of statements) console.log(`      ${calls / TIMES} × ${query}`);
}
