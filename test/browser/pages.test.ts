import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { browse, decide, playSite, signIn } from '../support/browsing.ts';
import { launchBrowser } from '../support/chromium.ts';
import { authorizationUrl, registerClient } from '../support/client.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';

const APP = 'https://app.example';

let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});

afterAll(async () => {
  await browser.close();
  await server.stop();
});

/** The address of one of the server's pages. */
function at(path: string): string {
  return server.issuer + path;
}

function heading(page: Page): Promise<string> {
  return page.getByRole('heading', { level: 1 }).innerText();
}

/** Resolves when the browser has come back to the app's redirect URI. */
function backAtTheApp(page: Page): Promise<void> {
  return page.waitForURL(({ href }) => href.startsWith(`${APP}/callback?`));
}

test('a wrong password is answered in words, and the right one then signs in', async () => {
  await browse(browser, async (page) => {
    await page.goto(at('/account'));
    await signIn(page, { ...ADMIN, password: 'not the password' });
    const alert = page.getByRole('alert');
    expect(await alert.innerText()).toBe('That username and password do not match. Please try again.');
    expect(await page.getByLabel('Username').inputValue()).toBe(ADMIN.username);
    expect(await page.getByLabel('Password').inputValue()).toBe('');

    await page.getByLabel('Password').fill(ADMIN.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(at('/account'));
    expect(await page.getByRole('main').innerText()).toContain(`Signed in as ${ADMIN.username}`);
  });
});

test('the person allows, and the app gets a code', async () => {
  const client = await registerClient(server.issuer, { client_name: 'Photo Printer' });
  await browse(browser, async (page) => {
    const app = await playSite(page, APP);
    await page.goto(authorizationUrl(server.issuer, client).url);
    expect(await page.getByRole('main').innerText()).toContain('Sign in to continue to Photo Printer');
    await signIn(page);
    expect(await heading(page)).toBe('Photo Printer wants to use your account');
    expect(await page.getByRole('main').innerText()).toContain('app.example');
    await decide(page, 'Allow');
    await backAtTheApp(page);

    expect(app.visited).toHaveLength(1);
    const answer = Object.fromEntries(app.visited[0]!.searchParams);
    expect(answer).toEqual({
      code: expect.stringMatching(/^[\w-]{43}$/),
      state: 'a-state',
      iss: server.issuer,
    });
  });
});

test('the person refuses, and the app is told so and gets nothing', async () => {
  const client = await registerClient(server.issuer);
  await browse(browser, async (page) => {
    const app = await playSite(page, APP);
    await page.goto(authorizationUrl(server.issuer, client).url);
    await signIn(page);
    await decide(page, 'Don’t allow');
    await backAtTheApp(page);
    const answer = Object.fromEntries(app.visited[0]!.searchParams);
    expect(answer).toEqual({
      error: 'access_denied',
      error_description: expect.any(String),
      state: 'a-state',
      iss: server.issuer,
    });

    // A refusal is not remembered as a consent.
    await page.goto(authorizationUrl(server.issuer, client).url);
    expect(await heading(page)).toBe('Test client wants to use your account');
  });
});

test('whoever allowed a confidential app is not asked again, until the app wants more', async () => {
  const client = await registerClient(server.issuer);
  await browse(browser, async (page) => {
    const app = await playSite(page, APP);
    const { url } = authorizationUrl(server.issuer, client, { scope: 'openid read' });
    await page.goto(url);
    await signIn(page);
    await decide(page, 'Allow');
    await backAtTheApp(page);

    await page.goto(url);
    expect(page.url()).toMatch(`${APP}/callback?code=`);
    expect(app.visited).toHaveLength(2);

    await page.goto(authorizationUrl(server.issuer, client, { scope: 'openid read write' }).url);
    expect(await heading(page)).toBe('Test client wants to use your account');
  });
});

test('signing out ends the session, for a copy of its cookie too', async () => {
  await browse(browser, async (page) => {
    await page.goto(at('/account'));
    await signIn(page);
    await page.waitForURL(at('/account'));
    const cookies = await page.context().cookies();
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    expect(await heading(page)).toBe('You are signed out');

    await page.goto(at('/account'));
    expect(await heading(page)).toBe('Sign in');
    await page.context().addCookies(cookies);
    await page.goto(at('/account'));
    expect(await heading(page)).toBe('Sign in');
  });
});

test('an unknown client_id ends on a page of ours that says so', async () => {
  const client = await registerClient(server.issuer);
  await browse(browser, async (page) => {
    const app = await playSite(page, APP);
    const { url } = authorizationUrl(server.issuer, client, { client_id: 'nobody' });
    expect((await page.goto(url))?.status()).toBe(400);
    expect(await heading(page)).toBe('This request does not work');
    const words = await page.getByRole('main').innerText();
    expect(words).toContain('The client_id is unknown');
    expect(words).toContain('invalid_request');
    expect(page.url()).toBe(url);
    expect(app.visited).toEqual([]);
  });
});

test('login and consent need a keyboard alone', async () => {
  const client = await registerClient(server.issuer);
  await browse(browser, async (page) => {
    const app = await playSite(page, APP);
    await page.goto(authorizationUrl(server.issuer, client).url);
    // The browser gives the focus with the first frame that it draws, which may be after the load.
    await page.locator('input[name=username]:focus').waitFor();
    await page.keyboard.type(ADMIN.username);
    await page.keyboard.press('Tab');
    await page.keyboard.type(ADMIN.password);
    await page.keyboard.press('Enter');

    const allow = page.getByRole('button', { name: 'Allow', exact: true });
    await allow.waitFor();
    await tabTo(page, 'Allow');
    await page.keyboard.press('Enter');
    await backAtTheApp(page);
    expect(app.visited[0]?.searchParams.has('code')).toBe(true);
  });
});

/** Presses Tab until the focus is on the element with this text, and sees to it that the focus shows. */
async function tabTo(page: Page, text: string): Promise<void> {
  for (let presses = 0; presses < 10; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate('document.activeElement.textContent')) !== text) continue;
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).not.toBe('none');
    return;
  }
  throw new Error(`Tab does not reach ${text}`);
}

test.each([
  ['a stranger', ['/', '/account', '/auth/login', '/auth/logout', '/error?error=access_denied', '/nowhere']],
  ['a person who is signed in', ['/', '/account', '/auth/login', '/auth/logout', '/error', '/nowhere']],
])(
  'every page that %s can open has its style and nothing for the browser to complain of',
  async (who, paths) => {
    await browse(browser, async (page) => {
      if (who !== 'a stranger') {
        await page.goto(at('/account'));
        await signIn(page);
        await page.waitForURL(at('/account'));
      }
      for (const path of paths) {
        await page.goto(at(path));
        expect(await page.title()).toMatch(/. · Stagedoor$/);
        expect(await heading(page)).not.toBe('');
        expect(await page.evaluate('document.styleSheets[0].cssRules.length')).toBeGreaterThan(10);
      }
    });
  },
);
