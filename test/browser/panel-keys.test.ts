import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../support/chromium.ts';
import { browsePanel, pressAndConfirm, said } from '../support/panel.ts';
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

async function publishedKeys(): Promise<string[]> {
  const { keys } = (await (await fetch(`${server.issuer}/.well-known/jwks.json`)).json()) as {
    keys: { kid: string }[];
  };
  return keys.map(({ kid }) => kid);
}

test('rotating publishes the next keys and says so', async () => {
  await browsePanel(browser, server, '/admin/keys', async (page) => {
    expect(await page.getByRole('cell', { name: 'Current' }).count()).toBe(2);
    expect(await page.getByRole('cell', { name: 'Next' }).count()).toBe(0);
    const before = await publishedKeys();

    await page.getByRole('button', { name: 'Rotate…' }).click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.innerText()).toContain('stay valid until they expire');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await publishedKeys()).toEqual(before);

    await pressAndConfirm(page, page, 'Rotate…', 'Rotate');
    await said(page, 'The signing keys are rotated');
    await page.getByRole('cell', { name: 'Next' }).first().waitFor();
    expect(await page.getByRole('cell', { name: 'Next' }).count()).toBe(2);
  });
});
