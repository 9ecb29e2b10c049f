import type { Browser, Locator, Page } from 'playwright-core';
import { browse, signIn } from './browsing.ts';
import { ADMIN, type TestServer } from './server.ts';

const PATIENCE_MS = 12_000;

/** Gives an admin a browser of their own, signed in and on a page of the control panel. */
export function browsePanel<Result>(
  browser: Browser,
  { issuer }: Pick<TestServer, 'issuer'>,
  path: string,
  visit: (page: Page) => Promise<Result>,
  credentials: { username: string; password: string } = ADMIN,
): Promise<Result> {
  return browse(browser, async (page) => {
    // Shorter than a test's own limit, so that what fails is the wait and says for what.
    page.setDefaultTimeout(PATIENCE_MS);
    await openPanel(page, issuer + path, credentials);
    return visit(page);
  });
}

/** Opens a page of the panel by way of the login that leads back to it, and waits until what it loads is there. */
export async function openPanel(
  page: Page,
  address: string,
  credentials: { username: string; password: string } = ADMIN,
): Promise<void> {
  await page.goto(address);
  await signIn(page, credentials);
  await page.waitForURL(address);
  await settled(page);
}

/** Resolves when nothing on the page is being loaded any more. */
export async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor();
  await page.locator('.loading, [aria-busy]').first().waitFor({ state: 'detached' });
}

/** The section of the page under this heading. */
export function card(page: Page, heading: string): Locator {
  return page
    .locator('section.card')
    .filter({ has: page.getByRole('heading', { name: heading, exact: true }) });
}

/** Presses a button that asks first, and confirms. */
export async function pressAndConfirm(
  page: Page,
  within: Page | Locator,
  button: string,
  confirm: string,
): Promise<void> {
  await within.getByRole('button', { name: button }).click();
  await page.getByRole('dialog').getByRole('button', { name: confirm, exact: true }).click();
}

/** The secret that a dialog shows once; puts the dialog away. */
export async function takeSecret(page: Page): Promise<string> {
  const dialog = page.getByRole('dialog');
  const secret = await dialog.locator('input.secret').inputValue();
  await dialog.getByRole('button', { name: 'I have stored it' }).click();
  await dialog.waitFor({ state: 'detached' });
  return secret;
}

/** Resolves when the page says that something is done. */
export async function said(page: Page, sentence: string): Promise<void> {
  await page.getByRole('status').filter({ hasText: sentence }).first().waitFor();
}
