import type { Browser, Page } from 'playwright-core';
import { ADMIN } from './server.ts';

/** Chromium reports the status of a page as if it were a failed download. */
const STATUS_MESSAGE = 'Failed to load resource: the server responded with a status of';

/**
 * Gives a person a browser of their own, with no cookies, for as long as `visit` takes. Throws if the browser complained
 * of any page: an error or a warning in the console, a violated policy, a script that failed.
 */
export async function browse<Result>(
  browser: Browser,
  visit: (page: Page) => Promise<Result>,
): Promise<Result> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    const result = await visit(page);
    // Chromium says what it has to say of a page before it answers the next question about it.
    await page.evaluate('document.title');
    if (complaints.length > 0) throw new Error(`the browser complained:\n${complaints.join('\n')}`);
    return result;
  } finally {
    await context.close();
  }
}

/** What the browser complains of, from now on. That a page came with a status such as 401 is no complaint. */
export function complaintsOf(page: Page): readonly string[] {
  const complaints: string[] = [];
  const opened = new Set<string>();
  page.on('request', (request) => {
    if (request.isNavigationRequest()) opened.add(request.url());
  });
  page.on('console', (message) => {
    const { url } = message.location();
    const isPageStatus = message.text().startsWith(STATUS_MESSAGE) && opened.has(url);
    const isBad = message.type() === 'error' || message.type() === 'warning';
    if (isBad && !isPageStatus) complaints.push(`${message.text()} (${url})`);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return complaints;
}

/** Fills in the login page and sends it. */
export async function signIn(
  page: Page,
  { username, password }: { username: string; password: string } = ADMIN,
): Promise<void> {
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Presses a button of the consent page. */
export async function decide(page: Page, decision: 'Allow' | 'Don’t allow'): Promise<void> {
  await page.getByRole('button', { name: decision, exact: true }).click();
}

export interface Site {
  readonly origin: string;
  /** Every URL of it that the browser opened, in order. */
  readonly visited: readonly URL[];
}

export interface SiteOptions {
  readonly body?: string;
  /** Where each of its pages sends the browser on to. */
  readonly onwardTo?: string | undefined;
}

/**
 * Plays another web site to this page: nothing that the page asks of it leaves the browser. A redirect to it is caught as
 * well, which page.route would miss.
 */
export async function playSite(
  page: Page,
  origin: string,
  {
    body = '<!doctype html><link rel="icon" href="data:," /><h1>Another site</h1>',
    onwardTo,
  }: SiteOptions = {},
): Promise<Site> {
  const visited: URL[] = [];
  const devTools = await page.context().newCDPSession(page);
  devTools.on('Fetch.requestPaused', ({ requestId, request }) => {
    visited.push(new URL(request.url));
    const answer =
      onwardTo === undefined
        ? {
            responseCode: 200,
            responseHeaders: [{ name: 'content-type', value: 'text/html' }],
            body: Buffer.from(body).toString('base64'),
          }
        : { responseCode: 302, responseHeaders: [{ name: 'location', value: onwardTo }] };
    // It rejects when the page is closed before it has its answer.
    devTools.send('Fetch.fulfillRequest', { requestId, ...answer }).catch(() => undefined);
  });
  await devTools.send('Fetch.enable', { patterns: [{ urlPattern: `${origin}/*` }] });
  return { origin, visited };
}
