import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../support/chromium.ts';
import { browsePanel, pressAndConfirm, said } from '../support/panel.ts';
import { eventually } from '../support/eventually.ts';
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

    await pressAndConfirm(page, page, 'Rotate…', 'Rotate');
    await said(page, 'The next keys wait already; no other was made');
    expect(await publishedKeys()).toHaveLength(4);
  });
});

test('a leaked key is revoked only once that was confirmed, and its successor is shown', async () => {
  await browsePanel(browser, server, '/admin/keys', async (page) => {
    const before = await publishedKeys();
    const row = page
      .getByRole('row')
      .filter({ has: page.getByRole('cell', { name: 'Current' }) })
      .first();
    await row.getByRole('button', { name: 'Revoke…' }).click();
    const dialog = page.getByRole('dialog');
    const question = await dialog.innerText();
    const leaked = before.find((kid) => question.includes(kid))!;
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await publishedKeys()).toEqual(before);

    await pressAndConfirm(page, row, 'Revoke…', 'Revoke the key and its tokens');
    await said(page, 'The signing key is revoked');
    expect(await publishedKeys()).toEqual(before.filter((kid) => kid !== leaked));
    // The key that waited took its place.
    await eventually(async () => (await page.getByRole('cell', { name: 'Next' }).count()) === 1);
    expect(await page.getByRole('cell', { name: 'Current' }).count()).toBe(2);
  });
});
