import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { launchBrowser } from './chromium.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test('the browser renders a page and runs its script', async () => {
  const page = await browser.newPage();
  await page.goto('data:text/html,<title>Stagedoor</title><p>closed</p>');
  await page.evaluate("document.querySelector('p').textContent = 'open'");
  expect(await page.title()).toBe('Stagedoor');
  expect(await page.innerText('p')).toBe('open');
  expect((await page.screenshot()).length).toBeGreaterThan(1000);
});
