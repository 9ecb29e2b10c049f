import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { succeed, valueOf } from '../cli/commands.ts';
import { browse, decide, signIn } from '../support/browsing.ts';
import { launchBrowser } from '../support/chromium.ts';
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

/** Opens Swagger UI, and waits until it has drawn the document. */
async function openSwaggerUi(page: Page, origin = server.issuer): Promise<void> {
  await page.goto(`${origin}/swagger-ui`);
  await page.getByRole('heading', { name: /^Stagedoor/ }).waitFor();
}

/** The part of the authorization dialog for one flow of OAuth. */
async function openAuthorization(page: Page, flow: string): Promise<Locator> {
  await page.getByRole('button', { name: 'Authorize', exact: true }).first().click();
  return page.locator('.auth-container', { hasText: `Flow: ${flow}` });
}

/** Chooses a scope. Swagger UI draws its boxes itself, over the real ones. */
async function choose(dialog: Locator, scope: string): Promise<void> {
  await dialog.locator(`label[for^="${scope}-"]`).click();
}

/** Tries GET /admin/api/keys, and resolves to the status that Swagger UI shows. */
async function tryListKeys(page: Page): Promise<string> {
  await page.locator('.close-modal').click();
  await page.getByText('Keys', { exact: true }).click();
  const operation = page.locator('#operations-Keys-listKeys');
  await operation.getByRole('button').first().click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  await operation.getByRole('button', { name: 'Execute' }).click();
  const live = operation.locator('.live-responses-table .response').first();
  expect(await live.textContent()).toContain('"kid"');
  return (await live.locator('.response-col_status').textContent()) ?? '';
}

test('it shows every operation of the document, loads nothing from elsewhere and complains of nothing', async () => {
  const document: any = await (await fetch(`${server.issuer}/api-docs/openapi.json`)).json();
  await browse(browser, async (page) => {
    const origins = new Set<string>();
    page.on('request', (request) => origins.add(new URL(request.url()).origin));
    await openSwaggerUi(page);
    for (const { name } of document.tags) {
      const section = page.locator('.opblock-tag', { has: page.getByText(name, { exact: true }) });
      await section.click();
    }
    const count = Object.values<object>(document.paths).flatMap((item) => Object.keys(item)).length;
    expect(await page.locator('.opblock').count()).toBe(count);
    expect([...origins].filter((origin) => origin !== 'null')).toEqual([server.issuer]);
  });
});

test('a client that may read authorizes with its credentials, and tries an operation', async () => {
  const printed = await succeed(['clients', 'add', 'Reader', '--scope', 'admin:read'], server.env);
  await browse(browser, async (page) => {
    await openSwaggerUi(page);
    const dialog = await openAuthorization(page, 'clientCredentials');
    await dialog.getByLabel('client_id:').fill(valueOf('client_id', printed));
    await dialog.getByLabel('client_secret:').fill(valueOf('client_secret', printed));
    await choose(dialog, 'admin:read');
    await dialog.getByRole('button', { name: 'Apply given OAuth2 credentials' }).click();
    await dialog.getByRole('button', { name: 'Remove authorization' }).waitFor();
    expect(await tryListKeys(page)).toContain('200');
  });
});

test('an admin authorizes by the code flow with PKCE and without a secret, and tries an operation', async () => {
  const redirectUri = `${server.issuer}/swagger-ui/oauth2-redirect.html`;
  const printed = await succeed(
    ['clients', 'add', 'Swagger UI', '--public', '--redirect-uri', redirectUri, '--scope', 'openid admin'],
    server.env,
  );
  await browse(browser, async (page) => {
    await openSwaggerUi(page);
    const dialog = await openAuthorization(page, 'authorizationCode');
    await dialog.getByLabel('client_id:').fill(valueOf('client_id', printed));
    await choose(dialog, 'admin');
    const opened = page.waitForEvent('popup');
    await dialog.getByRole('button', { name: 'Apply given OAuth2 credentials' }).click();
    const popup = await opened;
    const complaints: string[] = [];
    popup.on('console', (message) => complaints.push(message.text()));
    await signIn(popup);
    const closed = popup.waitForEvent('close');
    await decide(popup, 'Allow');
    await closed;
    await dialog.getByRole('button', { name: 'Remove authorization' }).waitFor();
    expect(await tryListKeys(page)).toContain('200');
    expect(complaints).toEqual([]);
  });
});

test('whoever comes by another name of the server is led to the issuer, where the page works', async () => {
  await browse(browser, async (page) => {
    await openSwaggerUi(page, `http://localhost:${server.port}`);
    expect(page.url()).toBe(`${server.issuer}/swagger-ui`);
  });
});

test('no script that found its way into the page runs', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await openSwaggerUi(page);
  await page.evaluate(`
    const script = document.createElement('script');
    script.textContent = 'window.stolen = true';
    document.body.append(script);
  `);
  expect(await page.evaluate('window.stolen')).toBeUndefined();
  await context.close();
});
