// Takes the pictures of the pages that the README shows: npm run screenshots
// A real server on the embedded database, with data that was made through its own interfaces. Only the hour of traffic that
// the overview's charts show is made up: a server that has just started has none.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { findChromium } from './chromium.mjs';
import { freePort } from './free-port.mjs';

const IMAGES = fileURLToPath(new URL('../docs/images/', import.meta.url));
const CLI = fileURLToPath(new URL('../dist/src/cli.js', import.meta.url));
const PASSWORD = 'a password for pictures';
const LARGEST_BYTES = 150_000;
const DESK = { width: 1280, height: 860 };
const SHEET = { width: 800, height: 760 };
const PHONE = { width: 375, height: 760 };

const folder = mkdtempSync(join(tmpdir(), 'stagedoor-screenshots-'));
const base = `http://127.0.0.1:${await freePort()}`;
const server = spawn(process.execPath, [CLI, 'serve'], {
  env: {
    PATH: process.env.PATH,
    OAUTH2_SERVER_PORT: new URL(base).port,
    OAUTH2_DATA_DIR: join(folder, 'data'),
    OAUTH2_ADMIN_PASSWORD: PASSWORD,
  },
  stdio: ['ignore', 'ignore', 'inherit'],
});
const browser = await chromium.launch({
  executablePath: findChromium(),
  chromiumSandbox: process.getuid?.() !== 0,
  args: ['--headless', '--disable-gpu'],
});
try {
  await untilReady();
  await takeAll();
} finally {
  await browser.close();
  server.kill('SIGTERM');
  await new Promise((resolve) => server.once('exit', resolve));
  rmSync(folder, { recursive: true, force: true });
}

async function takeAll() {
  mkdirSync(IMAGES, { recursive: true });
  const light = await open('light', DESK);
  const { clientId, userId, wiki } = await fillWithData(light);
  const pages = {
    overview: '',
    clients: '/clients',
    'new-client': '/clients/new',
    client: `/clients/${clientId}`,
    users: '/users',
    user: `/users/${userId}`,
    tokens: `/tokens?client_id=${clientId}`,
    keys: '/keys',
    activity: '/activity',
  };
  for (const [name, path] of Object.entries(pages)) await take(light, path, `panel-${name}`);
  await takePeoplesPages(wiki);
  await take(await open('dark', DESK), '', 'panel-overview-dark');
  await take(await open('light', PHONE), '', 'panel-phone');
}

/** What a person sees on the way through an app, and at home. */
async function takePeoplesPages(wiki) {
  const context = await browser.newContext({ colorScheme: 'light', viewport: SHEET });
  const page = await context.newPage();
  await page.goto(`${base}${authorization(wiki.client)}`);
  await shoot(page, 'login');
  await page.getByLabel('Username').fill('ada');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Allow', exact: true }).waitFor();
  await shoot(page, 'consent');
  await page.goto(`${base}/oauth/authorize?client_id=unknown`);
  await shoot(page, 'error');
  await page.goto(`${base}/account`);
  await shoot(page, 'account');
  await page.goto(`${base}/auth/logout`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await shoot(page, 'logged-out');
  await page.setViewportSize(DESK);
  await page.goto(`${base}/swagger-ui`);
  await page.getByText('Clients', { exact: true }).first().waitFor();
  await shoot(page, 'swagger-ui');
  await context.close();
}

async function open(colorScheme, viewport) {
  const context = await browser.newContext({ colorScheme, viewport });
  const page = await context.newPage();
  await page.route('**/admin/api/overview', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), traffic: madeUpHour() } });
  });
  await page.goto(`${base}/admin/keys`);
  await page.getByLabel('Username').fill('admin');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${base}/admin/keys`);
  return page;
}

async function take(page, path, name) {
  await page.goto(`${base}/admin${path}`);
  await page.locator('h1').first().waitFor();
  await page.locator('.loading, [aria-busy]').first().waitFor({ state: 'detached' });
  await sleep(500); // charts draw in the next frames
  await shoot(page, name);
}

async function shoot(page, name) {
  const file = join(IMAGES, `${name}.png`);
  await page.screenshot({ path: file });
  const { size } = statSync(file);
  console.log(`${name}.png  ${Math.round(size / 1000)} kB`);
  if (size > LARGEST_BYTES) process.exitCode = 1;
}

async function fillWithData(page) {
  const web = {
    scope: 'openid profile email offline_access',
    redirect_uris: ['https://app.example/callback'],
  };
  const machine = { grant_types: ['client_credentials'], scope: 'reports:read reports:write' };
  const names = ['Wiki', 'Photo printer', 'Partner portal', 'Mobile app', 'Grafana'];
  const apps = [];
  for (const client_name of names) apps.push(await ask(page, '/clients', { client_name, ...web }));
  const worker = await ask(page, '/clients', { client_name: 'Night batch', ...machine });
  const shop = await ask(page, '/clients', {
    client_name: 'Shop',
    client_uri: 'https://shop.example',
    ...web,
    grant_types: ['authorization_code', 'refresh_token'],
    first_party: true,
  });
  for (let count = 0; count < 3; count += 1) await issueToken(worker);
  await ask(page, `/clients/${shop.client.client_id}/secrets`, {});
  const people = ['edsger', 'barbara', 'linus', 'grace', 'ada'];
  let user;
  for (const username of people) {
    const fields = {
      name: `${username[0].toUpperCase()}${username.slice(1)}`,
      email: `${username}@example.com`,
    };
    ({ user } = await ask(page, '/users', { username, password: PASSWORD, ...fields }));
    await allow(shop, username);
  }
  return { clientId: shop.client.client_id, userId: user.user_id, wiki: apps[0] };
}

/** Asks the admin API as the panel itself does. */
async function ask(page, path, data) {
  const token = await page.locator('meta[name="csrf-token"]').getAttribute('content');
  const answer = await page.request.post(`${base}/admin/api${path}`, {
    headers: { 'x-csrf-token': token },
    data,
  });
  if (!answer.ok()) throw new Error(`${path} answered ${answer.status()}: ${await answer.text()}`);
  return answer.json();
}

async function issueToken({ client, client_secret: secret }, fields = { grant_type: 'client_credentials' }) {
  const authorization = `Basic ${Buffer.from(`${client.client_id}:${secret}`).toString('base64')}`;
  const body = new URLSearchParams(fields);
  const response = await fetch(`${base}/oauth/token`, { method: 'POST', headers: { authorization }, body });
  if (!response.ok) throw new Error(`the token endpoint answered ${response.status}`);
}

/** A person signs in to the client, in a browser of their own. */
async function allow(registered, username) {
  const { client } = registered;
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${base}/account`);
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${base}/account`);
  const verifier = randomBytes(32).toString('base64url');
  const answer = await context.request.get(`${base}${authorization(client, verifier)}`, { maxRedirects: 0 });
  const code = new URL(answer.headers().location).searchParams.get('code');
  await issueToken(registered, {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: client.redirect_uris[0],
  });
  await context.close();
}

function authorization(client, verifier = randomBytes(32).toString('base64url')) {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: client.redirect_uris[0],
    scope: client.scope,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  return `/oauth/authorize?${query}`;
}

function madeUpHour() {
  const now = Math.floor(Date.now() / 60_000) * 60_000;
  return Array.from({ length: 60 }, (_, minute) => {
    const wave = Math.sin(minute / 9) + 0.25 * Math.sin(minute * 1.7);
    const isBad = minute === 41;
    return {
      at: new Date(now - (59 - minute) * 60_000).toISOString(),
      requests: Math.round(5200 + 1400 * wave),
      errors: isBad ? 310 : 0,
      p50_ms: 2.4 + 0.3 * wave,
      p95_ms: 7.5 + wave + (isBad ? 22 : 0),
      p99_ms: 13 + 2 * wave + (isBad ? 41 : 0),
    };
  });
}

async function untilReady() {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}`);
    const isReady = await fetch(`${base}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await sleep(100);
  }
}
