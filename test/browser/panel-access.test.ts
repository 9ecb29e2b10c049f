import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { browse, signIn } from '../support/browsing.ts';
import { launchBrowser } from '../support/chromium.ts';
import { browsePanel, openPanel, settled } from '../support/panel.ts';
import { Person } from '../support/person.ts';
import { ADMIN, runCli, startServer, type TestServer } from '../support/server.ts';

const PAGES = [
  '/admin',
  '/admin/clients',
  '/admin/clients/new',
  '/admin/clients/AAAAAAAAAAAAAAAAAAAAAA',
  '/admin/users',
  '/admin/users/new',
  '/admin/users/11111111-1111-4111-8111-111111111111',
  '/admin/tokens',
  '/admin/keys',
  '/admin/activity?type=login_failed&from=2026-01-01T00%3A00%3A00.000Z',
];

let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});

afterAll(async () => {
  await browser.close();
  await server.stop();
});

test('whoever is not signed in is led through the login and back to the page', async () => {
  for (const path of PAGES) {
    const person = new Person(server.issuer);
    const login = await person.open(path);
    expect(new URL(login.url).pathname).toBe('/auth/login');
    const step = await person.logIn(login);
    expect({ path, status: step.status, url: step.url }).toEqual({
      path,
      status: 200,
      url: server.issuer + path,
    });
  }
});

test('a login leads to no page but ours, however like the panel its address looks', async () => {
  const elsewhere = [
    '/admin//evil.example',
    '//evil.example/admin',
    '/admin/../auth/logout',
    '/admin/api/clients',
    '/admin@evil.example',
    '/admin\\evil.example',
    '/admin/clients/a/b',
    '/admin?next=//evil.example/%0d%0aset-cookie',
    '/administrator',
    `/admin/activity?type=${'a'.repeat(2000)}`,
  ];
  for (const returnTo of elsewhere) {
    const person = new Person(server.issuer);
    const login = await person.open(`/auth/login?${new URLSearchParams({ return_to: returnTo }).toString()}`);
    const step = await person.logIn(login);
    expect({ returnTo, url: step.url }).toEqual({ returnTo, url: `${server.issuer}/account` });
  }
});

test('somebody who is no admin is told so, and may sign in as somebody else', async () => {
  const mallory = { username: 'mallory', password: 'a long and sound password' };
  const added = await runCli(
    ['users', 'add', mallory.username, '--password-stdin'],
    server.env,
    mallory.password,
  );
  expect(added).toMatchObject({ code: 0 });
  await browse(browser, async (page) => {
    await page.goto(`${server.issuer}/admin/keys`);
    await signIn(page, mallory);
    await page.getByRole('heading', { name: 'Only for administrators' }).waitFor();
    expect(await page.getByRole('main').innerText()).toContain('Signed in as mallory');
    expect((await page.reload())?.status()).toBe(403);

    await page.getByRole('link', { name: 'Sign in as somebody else' }).click();
    await signIn(page, ADMIN);
    await page.waitForURL(`${server.issuer}/admin/keys`);
    await page.getByRole('heading', { name: 'Signing keys' }).waitFor();
  });
});

test('the shell runs scripts of ours alone, each under an address that names its version', async () => {
  const person = new Person(server.issuer);
  const shell = await person.logIn(await person.open('/admin'));
  const policy = shell.headers.get('content-security-policy')!.split('; ');
  expect(policy).toEqual(
    expect.arrayContaining(["default-src 'none'", "script-src 'self'", "connect-src 'self'"]),
  );
  expect(shell.text).not.toMatch(/<script(?![^>]* src=)|\sstyle=|\son\w+=/);
  const scripts = [...shell.text.matchAll(/(?:href|src)="(\/assets\/panel\/[^"]+)"/g)].map(
    ([, address]) => address!,
  );
  expect(scripts.length).toBeGreaterThan(20);
  for (const address of new Set(scripts)) {
    const { status, headers } = await person.request(address);
    const type = address.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8';
    expect({ address, status, type: headers.get('content-type') }).toEqual({ address, status: 200, type });
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toContain('immutable');
  }
  const base = /\/assets\/panel\/[^/]+\//.exec(scripts[0]!)![0];
  const hidden = ['../../main.js', 'http/panel/assets.js', 'oauth/secret.js', '%2e%2e/package.json', ''];
  for (const path of hidden) {
    expect({ path, status: (await person.request(base + path)).status }).toEqual({ path, status: 404 });
  }
});

test('a session that ends while the page is open leads to the login, and back', async () => {
  await browsePanel(browser, server, '/admin/keys', async (page) => {
    await page.context().clearCookies({ name: 'stagedoor_session' });
    await page.getByRole('link', { name: 'Activity' }).click();
    await page.getByLabel('Password').waitFor();
    await signIn(page);
    await page.waitForURL(`${server.issuer}/admin/activity`);
  }).catch((error: unknown) => {
    // That the API said 401 is what the test is about, and what Chromium complains of.
    if (!String(error).includes('status of 401')) throw error;
  });
});

test('an answer that does not come is explained, and asking again helps', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await openPanel(page, `${server.issuer}/admin`);
  await page.route('**/admin/api/keys', (route) => route.abort());
  await page.getByRole('link', { name: 'Keys' }).click();
  await page.getByText('The server cannot be reached', { exact: true }).waitFor();

  await page.unroute('**/admin/api/keys');
  const busy = { status: 503, contentType: 'application/problem+json', body: '{"status":503,"detail":"-"}' };
  await page.route('**/admin/api/keys', (route) => route.fulfill(busy));
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('The server is busy right now').waitFor();

  await page.unroute('**/admin/api/keys');
  await page.getByRole('button', { name: 'Try again' }).click();
  await settled(page);
  expect(await page.getByRole('row').count()).toBeGreaterThan(2);
  await context.close();
});
