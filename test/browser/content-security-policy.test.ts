import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { browse, complaintsOf, decide, playSite, signIn } from '../support/browsing.ts';
import { launchBrowser } from '../support/chromium.ts';
import { startClientApp } from '../support/client-app.ts';
import { authorizationUrl, registerClient } from '../support/client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { eventually } from '../support/eventually.ts';

let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});

afterAll(async () => {
  await browser.close();
  await server.stop();
});

// Chromium holds a page's form-action against every redirect that follows its form.
test.each([
  ['https://app.example/callback', 'https://www.app.example/welcome'],
  ['http://127.0.0.1:5123/callback', 'https://app.example/'],
  ['http://[::1]:5123/callback', 'http://localhost:5124/'],
])(
  'the browser gets through to %s and on to %s, after a consent and after a login',
  async (uri, onwardTo) => {
    const client = await registerClient(server.issuer, { redirect_uris: [uri] });
    await browse(browser, async (page) => {
      const app = await playSite(page, new URL(uri).origin, { onwardTo });
      await playSite(page, new URL(onwardTo).origin);
      await page.goto(authorizationUrl(server.issuer, client).url);
      await signIn(page);
      await decide(page, 'Allow');
      await page.waitForURL(onwardTo);

      // The consent is remembered, so the login's own redirects lead to the app.
      await page.context().clearCookies();
      await page.goto(authorizationUrl(server.issuer, client).url);
      await signIn(page);
      await page.waitForURL(onwardTo);
      expect(app.visited.map(({ searchParams }) => searchParams.has('code'))).toEqual([true, true]);
    });
  },
);

test('the browser hands the code to an installed app by its private scheme', async () => {
  const uri = 'com.example.app:/callback';
  const metadata = { redirect_uris: [uri], token_endpoint_auth_method: 'none' };
  const client = await registerClient(server.issuer, metadata);
  await browse(browser, async (page) => {
    await page.goto(authorizationUrl(server.issuer, client).url);
    await signIn(page);
    const handedOver = page.waitForRequest((request) => request.url().startsWith(`${uri}?code=`));
    await decide(page, 'Allow');
    await handedOver;
  });
});

test('a script, a form and a picture that found their way into a page do nothing', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  const thief = await playSite(page, 'https://thief.example');
  await page.goto(`${server.issuer}/auth/login`);
  await page.evaluate(`
    const script = document.createElement('script');
    script.textContent = 'window.stolen = true';
    const picture = document.createElement('img');
    picture.src = 'https://thief.example/picture';
    const form = document.createElement('form');
    form.action = 'https://thief.example/form';
    document.body.append(script, picture, form);
    form.submit();
  `);
  while (complaints.length < 3) await page.waitForEvent('console');
  expect(complaints.filter((complaint) => complaint.includes('Content Security Policy'))).toHaveLength(3);
  expect(await page.evaluate('window.stolen')).toBeUndefined();
  expect(thief.visited).toEqual([]);
  await context.close();
});

test('no other site can put a page of ours into a frame', async () => {
  const [login, health] = [`${server.issuer}/auth/login`, `${server.issuer}/health`];
  // A server in earnest: from a site that is only played, Chromium refuses every frame of this machine.
  const thief = await startClientApp({
    host: 'localhost',
    body: `<iframe src="${login}"></iframe><iframe src="${health}"></iframe>`,
  });
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(thief.origin);
  // What is no page shows that frames as such would work.
  const wanted = ['chrome-error://chromewebdata/', health];
  await eventually(
    () => page.frames().map((frame) => frame.url()),
    ([, ...shown]) => isDeepStrictEqual(shown.sort(), wanted),
  );
  await eventually(() => complaints.length);
  expect(complaints).toEqual([expect.stringContaining("frame-ancestors 'none'")]);
  await context.close();
  await thief.close();
});
