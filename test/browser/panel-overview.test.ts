import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../support/chromium.ts';
import { post, registerClient } from '../support/client.ts';
import { browsePanel, card } from '../support/panel.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});

afterAll(async () => {
  await browser.close();
  await server.stop();
});

test('the overview shows what there is and how the server is doing, and keeps up', async () => {
  const client = await registerClient(server.issuer, {
    redirect_uris: [],
    grant_types: ['client_credentials'],
    scope: 'read',
  });
  await post(`${server.issuer}/oauth/token`, client, { grant_type: 'client_credentials' });
  await browsePanel(browser, server, '/admin', async (page) => {
    await page.getByRole('link', { name: 'Clients 1' }).waitFor();
    await page.getByRole('link', { name: 'Active tokens 1' }).waitFor();
    await card(page, 'Health').getByText('Ready').waitFor();
    await card(page, 'Recent activity').getByText('Client registered').waitFor();
    for (const actor of ['token', 'auth', 'client', 'keys', 'audit']) {
      await page.getByRole('cell', { name: actor, exact: true }).waitFor();
    }
    // What is drawn is said too: in a sentence, and as a table.
    await page
      .getByRole('img', { name: /^Requests of the last hour by the minute: [\d,]+ in all/ })
      .waitFor();
    await page.getByRole('img', { name: /^Latency of the last hour by the minute/ }).waitFor();
    await page.getByText('Show the numbers').first().click();
    const numbers = page.getByRole('table', { name: 'Requests a minute' }).getByRole('row');
    await numbers.nth(60).waitFor();
    expect(await numbers.count()).toBe(61);
    // Figures that change do not take the focus away from the keyboard.
    await page.getByRole('link', { name: 'Clients 1' }).focus();

    await page.waitForResponse('**/admin/api/overview');
    await page.waitForResponse('**/admin/api/overview');
    expect(await page.locator(':focus').innerText()).toContain('Clients');
  });
});

test('figures stay when the server goes silent, with a word on that', async () => {
  await browsePanel(browser, server, '/admin', async (page) => {
    await page.getByRole('link', { name: 'Clients 1' }).waitFor();
    const busy = { status: 503, contentType: 'application/problem+json', body: '{"status":503}' };
    await page.route('**/admin/api/overview', (route) => route.fulfill(busy));
    await page.getByText('The server is busy right now').waitFor();
    expect(await page.getByRole('link', { name: 'Clients 1' }).count()).toBe(1);
    await page.unroute('**/admin/api/overview');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('The server is busy right now').waitFor({ state: 'detached' });
  }).catch((error: unknown) => {
    if (!String(error).includes('status of 503')) throw error;
  });
});
