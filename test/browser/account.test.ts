import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { addPerson } from '../attacks/database.ts';
import { browse, decide, playSite, signIn } from '../support/browsing.ts';
import { launchBrowser } from '../support/chromium.ts';
import { authorizationUrl, introspect, redeem, registerClient } from '../support/client.ts';
import { ADMIN, startServer, type TestServer } from '../support/server.ts';

const APP = 'https://app.example';
const NEW_PASSWORD = 'quite another password';
const LONG_NAME = 'A'.repeat(120);

const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});

afterAll(async () => {
  await browser.close();
  await server.stop();
});

async function openAccount(page: Page, username: string, password: string = ADMIN.password): Promise<void> {
  await page.goto(`${server.issuer}/account`);
  await signIn(page, { username, password });
  await page.waitForURL(`${server.issuer}/account`);
}

/** Allows an app in the browser, and has it redeem its code. */
async function connect(page: Page, clientName: string) {
  const client = await registerClient(server.issuer, { client_name: clientName });
  const app = await playSite(page, APP);
  const { url, verifier } = authorizationUrl(server.issuer, client);
  await page.goto(url);
  await decide(page, 'Allow');
  await page.waitForURL(({ href }) => href.startsWith(`${APP}/callback?`));
  const code = app.visited.at(-1)!.searchParams.get('code')!;
  const { body } = await redeem(server.issuer, client, { code, verifier });
  return { client, accessToken: body.access_token as string };
}

/** What axe finds wrong with the page for people who do not see or click as others do. */
async function barriersOf(page: Page): Promise<unknown> {
  await page.evaluate(AXE);
  return page.evaluate(`axe.run().then(({ violations }) =>
    violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))`);
}

async function fillPasswords(page: Page, current: string, wanted: string, again = wanted): Promise<void> {
  await page.getByLabel('Current password', { exact: true }).fill(current);
  await page.getByLabel('New password', { exact: true }).fill(wanted);
  await page.getByLabel('New password, again', { exact: true }).fill(again);
  await page.getByRole('button', { name: 'Change password' }).click();
}

test('the person changes the password, and this browser stays signed in where another does not', async () => {
  await addPerson(server, 'ada');
  await browse(browser, async (page) => {
    await browse(browser, async (elsewhere) => {
      await openAccount(elsewhere, 'ada');
      await openAccount(page, 'ada');
      const [before] = (await page.context().cookies()).filter(({ name }) => name.endsWith('session'));

      await fillPasswords(page, ADMIN.password, 'too short');
      const field = page.getByLabel('New password', { exact: true });
      expect(await field.getAttribute('aria-invalid')).toBe('true');
      const described = (await field.getAttribute('aria-describedby'))!.split(' ');
      const explained = await Promise.all(described.map((id) => page.locator(`#${id}`).innerText()));
      expect(explained.join()).toContain('Too short');
      expect(await field.inputValue()).toBe('');

      await fillPasswords(page, ADMIN.password, NEW_PASSWORD);
      expect(await page.getByRole('status').innerText()).toContain('Your password is changed');
      const [after] = (await page.context().cookies()).filter(({ name }) => name.endsWith('session'));
      expect(after!.value).not.toBe(before!.value);
      await elsewhere.reload();
      expect(await elsewhere.getByRole('heading', { level: 1 }).innerText()).toBe('Sign in');
      await openAccount(elsewhere, 'ada', NEW_PASSWORD);
      expect(await elsewhere.getByRole('listitem').filter({ hasText: 'This session' }).count()).toBe(1);
    });
  });
});

test('the person disconnects an app after a question, and its token is dead', async () => {
  await addPerson(server, 'grace');
  await browse(browser, async (page) => {
    await openAccount(page, 'grace');
    const { client, accessToken } = await connect(page, 'Photo Printer');
    await page.goto(`${server.issuer}/account`);
    await page.getByRole('button', { name: 'Disconnect Photo Printer' }).click();
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Disconnect Photo Printer?');
    expect((await introspect(server.issuer, client, accessToken)).active).toBe(true);
    await page.getByRole('button', { name: 'Disconnect' }).click();
    expect(await page.getByRole('status').innerText()).toContain('disconnected');
    expect(await page.getByRole('main').innerText()).toContain('No app may use your account.');
    expect(await introspect(server.issuer, client, accessToken)).toEqual({ active: false });
  });
});

test('the person ends a session of another browser, and signs out everywhere', async () => {
  await addPerson(server, 'edith');
  await browse(browser, async (page) => {
    await browse(browser, async (elsewhere) => {
      await openAccount(elsewhere, 'edith');
      await openAccount(page, 'edith');
      expect(await page.getByRole('main').innerText()).toContain('Chrome on Linux');
      await page.getByRole('button', { name: 'End Chrome on Linux' }).click();
      expect(await page.getByRole('status').innerText()).toBe('That session is signed out.');
      await elsewhere.reload();
      expect(await elsewhere.getByRole('heading', { level: 1 }).innerText()).toBe('Sign in');
    });
    await page.getByRole('button', { name: 'Sign out everywhere' }).click();
    await page.getByRole('button', { name: 'Sign out everywhere' }).click();
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('You are signed out');
  });
});

test('on a telephone nothing of the account has to be scrolled sideways, however long a name is', async () => {
  await addPerson(server, 'mary');
  await browse(browser, async (page) => {
    await page.setViewportSize({ width: 375, height: 812 });
    await openAccount(page, 'mary');
    const { client } = await connect(page, LONG_NAME);
    const paths = [
      '/account',
      `/account/apps/disconnect?client_id=${client.client_id}`,
      '/account/sessions/end-all',
    ];
    for (const path of paths) {
      await page.goto(server.issuer + path);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(375);
    }
    await page.goto(`${server.issuer}/account`);
    await fillPasswords(page, 'wrong', 'short', 'other');
    expect(await page.locator('input:focus').getAttribute('name')).toBe('new_password');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(375);
  });
});

test.each(['light', 'dark'] as const)(
  'axe finds nothing wrong with the account pages, %s',
  async (colorScheme) => {
    const username = `emmy-${colorScheme}`;
    await addPerson(server, username);
    await browse(browser, async (page) => {
      await page.emulateMedia({ colorScheme });
      await openAccount(page, username);
      const { client } = await connect(page, 'Photo Printer');
      for (const path of [
        '/account?notice=session-ended',
        `/account/apps/disconnect?client_id=${client.client_id}`,
        '/account/sessions/end-all',
      ]) {
        await page.goto(server.issuer + path);
        expect([path, await barriersOf(page)]).toEqual([path, []]);
      }
      await page.goto(`${server.issuer}/account`);
      await fillPasswords(page, 'wrong', 'short', 'other');
      expect(await barriersOf(page)).toEqual([]);
    });
  },
);
