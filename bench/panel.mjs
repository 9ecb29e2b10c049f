// How long the control panel's requests take in a database as it is after years: npm run bench:panel
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { endChildren } from './children.mjs';
import { startDatabase } from './database.mjs';
import { fillDatabase } from './fill.mjs';
import { post } from './requests.mjs';
import { startStagedoor } from './subjects/stagedoor.mjs';

const COUNTS = { clients: 100_000, users: 100_000, tokens: 1_000_000, grants: 200_000, events: 1_000_000 };
const ROUNDS = 40;
const AIM_MS = 300;

const CLIENT = `client${'1'.padStart(16, '0')}`;
const USER = '00000000-0000-4000-8000-000000000001';
const LATER = new Date(Date.now() - 86_400_000).toISOString();

/** What each panel asks for, by the panel; `>` goes to the page after. */
const REQUESTS = [
  ['Overview', '/overview'],
  ['Clients', '/clients'],
  ['Clients', '> /clients'],
  ['Clients, one found', '/clients?search=service%2077777'],
  ['Clients, all found', '/clients?search=service'],
  ['Client', `/clients/${CLIENT}`],
  ['Client', `/clients/${CLIENT}/secrets`],
  ['Client', `/tokens?client_id=${CLIENT}`],
  ['Client', `> /tokens?client_id=${CLIENT}`],
  ['Client', `/grants?client_id=${CLIENT}`],
  ['Users', '/users'],
  ['Users, one found', '/users?search=person777'],
  ['Users, all found', '/users?search=person'],
  ['User', `/users/${USER}`],
  ['User', `/users/${USER}/sessions`],
  ['User', `/tokens?user_id=${USER}`],
  ['User', `/grants?user_id=${USER}`],
  ['Tokens and grants', '/grants'],
  ['Keys', '/keys'],
  ['Activity', '/audit-events'],
  ['Activity', '/audit-events?type=login_failed'],
  ['Activity, never happened', '/audit-events?type=client_deleted'],
  ['Activity', `/audit-events?client_id=${CLIENT}`],
  ['Activity', `/audit-events?user_id=${USER}&type=consent_granted`],
  ['Activity', `/audit-events?until=${LATER}`],
];

const folder = mkdtempSync(join(tmpdir(), 'stagedoor-bench-'));
const database = await startDatabase();
try {
  const server = await startStagedoor({ databaseUrl: database.url, folder, scope: 'admin:read' });
  await fill();
  const issued = await post(`${server.base}/oauth/token`, server.client, {
    grant_type: 'client_credentials',
  });
  const headers = { authorization: `Bearer ${issued.access_token}` };
  const ask = async (path) => {
    const response = await fetch(`${server.base}/admin/api${path}`, { headers });
    const body = await response.json();
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return body;
  };
  process.stdout.write(`${describe(COUNTS)}\n\n${row(['Panel', 'Request', 'p50', 'p95', 'most'])}`);
  let missed = 0;
  for (const [panel, request] of REQUESTS) {
    const times = await timesOf(request, ask);
    if (at(times, 0.95) > AIM_MS) missed += 1;
    process.stdout.write(row([panel, request, ...[0.5, 0.95, 1].map((share) => `${at(times, share)} ms`)]));
  }
  process.stdout.write(`\n${missed === 0 ? 'All' : `${missed} not`} under ${AIM_MS} ms at p95.\n`);
} finally {
  await endChildren();
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function fill() {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await fillDatabase((sql) => client.query(sql), COUNTS);
  await client.end();
}

/** In milliseconds, the shortest first. */
async function timesOf(request, ask) {
  const path = request.replace('> ', '');
  const next = request.startsWith('> ') && (await ask(path)).next_cursor;
  const asked = next ? `${path}${path.includes('?') ? '&' : '?'}cursor=${next}` : path;
  const times = [];
  while (times.length < ROUNDS) {
    const startedAtMs = performance.now();
    await ask(asked);
    times.push(performance.now() - startedAtMs);
  }
  return times.sort((a, b) => a - b);
}

function at(sorted, share) {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
}

function row([panel, request, ...times]) {
  return `${panel.padEnd(26)}${request.padEnd(62)}${times.map((time) => time.padStart(8)).join('')}\n`;
}

function describe(counts) {
  return Object.entries(counts)
    .map(([what, count]) => `${count.toLocaleString('en')} ${what}`)
    .join(', ');
}
