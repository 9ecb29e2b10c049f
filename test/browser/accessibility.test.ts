import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { overflow, seriousViolations } from '../support/accessibility.ts';
import { playSite, signIn } from '../support/browsing.ts';
import { launchBrowser } from '../support/chromium.ts';
import { authorizationUrl, obtainTokens, registerClient, type TestClient } from '../support/client.ts';
import { openPanel, settled } from '../support/panel.ts';
import { startServer, type TestServer } from '../support/server.ts';

const LOOKS = [
  { colorScheme: 'light', width: 375 },
  { colorScheme: 'dark', width: 375 },
  { colorScheme: 'light', width: 1280 },
  { colorScheme: 'dark', width: 1280 },
] as const;
type Look = (typeof LOOKS)[number];

const LONG_NAME = 'A client whose name is a good deal longer than the column that it is shown in';
const EMPTY_LIST = { contentType: 'application/json', body: '{"items":[],"next_cursor":null}' };

let server: TestServer;
let browser: Browser;
let client: TestClient;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
  client = await registerClient(server.issuer, {
    client_name: LONG_NAME,
    client_uri: 'https://app.example/a/rather/long/address/without/a/place/to/break',
    redirect_uris: [`https://app.example/${'callback'.repeat(12)}`],
    scope: 'openid profile email offline_access reports:read reports:write invoices:read invoices:write',
  });
  await obtainTokens(server.issuer, client);
});

afterAll(async () => {
  await browser.close();
  await server.stop();
});

async function look(
  { colorScheme, width }: Look,
  visit: (page: Page, check: (what: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const found: unknown[] = [];
    await visit(page, async (what) => {
      const [violations, tooWide] = [await seriousViolations(page), await overflow(page)];
      if (violations.length > 0 || tooWide > 0) found.push({ what, violations, tooWide });
    });
    expect(found).toEqual([]);
  } finally {
    await context.close();
  }
}

/** An id of whoever is signed in, from the list of users. */
async function adminAddress(page: Page): Promise<string> {
  await page.goto(`${server.issuer}/admin/users`);
  await settled(page);
  return (await page.locator('tbody a').first().getAttribute('href'))!;
}

test.each(LOOKS)(
  'the pages of the panel are for everybody: $colorScheme, $width px wide',
  async (one) => {
    await look(one, async (page, check) => {
      await openPanel(page, `${server.issuer}/admin/keys`);
      await check('keys');
      const user = await adminAddress(page);
      await check('users');
      const others = ['', '/clients', '/clients/new', `/clients/${client.client_id}`, '/users/new'];
      const lists = [`/tokens?client_id=${client.client_id}`, '/activity', '/clients/AAAAAAAAAAAAAAAAAAAAAA'];
      const addresses = [...others, ...lists].map((path) => `/admin${path}`);
      for (const address of [...addresses, user]) {
        await page.goto(server.issuer + address);
        await settled(page);
        await check(address);
      }
    });
  },
  60_000,
);

test.each(LOOKS)(
  'so are its dialogs, mistakes and empty lists: $colorScheme, $width px wide',
  async (one) => {
    await look(one, async (page, check) => {
      await openPanel(page, `${server.issuer}/admin/clients/new`);
      await page.getByLabel('Redirect URIs').fill('http://app.example/#x');
      await page.getByRole('button', { name: 'Register the client' }).click();
      await check('mistakes');

      await page.goto(`${server.issuer}/admin/clients/${client.client_id}`);
      await settled(page);
      await page.getByRole('button', { name: 'Delete…' }).click();
      await check('a question');
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('button', { name: 'Add a secret' }).click();
      await check('a question with fields');
      await page.getByRole('button', { name: 'Make the secret' }).click();
      await page.locator('input.secret').waitFor();
      await check('a secret');

      await page.route('**/admin/api/**', (route) => route.fulfill(EMPTY_LIST));
      for (const path of ['/clients', '/users', '/tokens', '/keys', '/activity?type=login_locked']) {
        await page.goto(`${server.issuer}/admin${path}`);
        await settled(page);
        await check(`empty ${path}`);
      }
      await page.unroute('**/admin/api/**');
      await page.route('**/admin/api/**', (route) => route.abort());
      await page.goto(`${server.issuer}/admin/clients`);
      await settled(page);
      await check('no answer');
    });
  },
  60_000,
);

test.each(LOOKS)('so are the pages without scripts: $colorScheme, $width px wide', async (one) => {
  await look(one, async (page, check) => {
    await playSite(page, new URL(client.redirect_uris[0]!).origin);
    await page.goto(authorizationUrl(server.issuer, client, { prompt: 'login consent' }).url);
    await check('login');
    await signIn(page, { username: 'admin', password: 'wrong' });
    await page.getByRole('alert').waitFor();
    await check('login, failed');
    await signIn(page);
    await page.getByRole('button', { name: 'Allow', exact: true }).waitFor();
    await check('consent');
    for (const path of ['/account', '/auth/logout', '/error?error=access_denied', '/nowhere']) {
      await page.goto(server.issuer + path);
      await check(path);
    }
    await page.goto(`${server.issuer}/account`);
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await check('logged out');
  });
});
