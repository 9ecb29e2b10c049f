import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../support/chromium.ts';
import { introspect, post, registerClient, type TestClient } from '../support/client.ts';
import { browsePanel, card, pressAndConfirm, said, settled, takeSecret } from '../support/panel.ts';
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

function visit<Result>(path: string, act: (page: Page) => Promise<Result>): Promise<Result> {
  return browsePanel(browser, server, path, act);
}

async function obtainToken(client: TestClient): Promise<string> {
  const { status, body } = await post(`${server.issuer}/oauth/token`, client, {
    grant_type: 'client_credentials',
  });
  expect(status).toBe(200);
  return body.access_token as string;
}

async function machineClient(name: string): Promise<TestClient> {
  return registerClient(server.issuer, {
    client_name: name,
    redirect_uris: [],
    grant_types: ['client_credentials'],
    scope: 'read',
  });
}

test('a client is registered, gets a token, and loses it', async () => {
  await visit('/admin/clients', async (page) => {
    await page.getByRole('link', { name: 'New client' }).first().click();
    await page.getByLabel('Name', { exact: true }).fill('Night batch');
    await page.getByLabel('Sign people in').uncheck();
    await page.getByLabel('Stay connected').uncheck();
    await page.getByLabel('Act for itself').check();
    await page.getByLabel('Scope').fill('read write');
    await page.getByRole('button', { name: 'Register the client' }).click();
    const client_secret = await takeSecret(page);
    await page.getByRole('heading', { name: 'Night batch' }).waitFor();
    const client_id = new URL(page.url()).pathname.split('/').at(-1)!;
    const client: TestClient = { client_id, client_secret, redirect_uris: [], scope: 'read write' };

    const token = await obtainToken(client);
    expect(await introspect(server.issuer, client, token)).toMatchObject({ active: true, client_id });
    await page.reload();
    const tokens = card(page, 'Access tokens');
    await tokens.getByText('Active').waitFor();
    await pressAndConfirm(page, tokens, 'Revoke…', 'Revoke');
    await said(page, 'The access token is revoked');
    await tokens.getByText('Revoked').waitFor();
    expect(await introspect(server.issuer, client, token)).toEqual({ active: false });
  });
});

test('a secret is rotated while both work', async () => {
  const client = await machineClient('Rotating');
  await visit(`/admin/clients/${client.client_id}`, async (page) => {
    const secrets = card(page, 'Secrets');
    await secrets.getByRole('button', { name: 'Add a secret' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('It expires').selectOption({ label: 'After 90 days' });
    await dialog.getByLabel('The other secrets').selectOption({ label: 'Stay as they are' });
    await dialog.getByRole('button', { name: 'Make the secret' }).click();
    await dialog.locator('input.secret').waitFor();
    const next = { ...client, client_secret: await takeSecret(page) };
    await said(page, 'The secret is added');
    await Promise.all([obtainToken(client), obtainToken(next)]);

    const never = page.locator('[data-label="Expires"]', { hasText: 'Never' });
    const old = secrets.getByRole('row').filter({ has: never });
    await pressAndConfirm(page, old, 'Expire…', 'Expire now');
    await said(page, 'The secret has expired');
    await secrets.getByText('Expired').waitFor();
    const refused = await post(`${server.issuer}/oauth/token`, client, { grant_type: 'client_credentials' });
    expect(refused.status).toBe(401);
    await obtainToken(next);
  });
});

test('mistakes are explained at their field, before sending and by the server', async () => {
  await visit('/admin/clients/new', async (page) => {
    const uris = page.getByLabel('Redirect URIs');
    for (const [uri, mistake] of [
      ['https://app.example/callback#part', 'has a fragment'],
      ['https://*.app.example/callback', 'has a wildcard'],
      ['http://app.example/callback', 'uses http on a host that is not this machine; use https'],
    ] as const) {
      await uris.fill(uri);
      await uris.press('Tab');
      await page.getByText(`${uri} ${mistake}`).waitFor();
      expect(await uris.getAttribute('aria-invalid')).toBe('true');
    }
    await page.getByRole('button', { name: 'Register the client' }).click();
    await page.getByText('Give the client a name.').waitFor();
    await page.getByText('2 fields need your attention.').waitFor();
    expect(await page.evaluate('document.activeElement.name')).toBe('client_name');

    await page.getByLabel('Name', { exact: true }).fill('Almost right');
    await uris.fill('http://127.0.0.1/callback');
    expect(await uris.getAttribute('aria-invalid')).toBeNull();
    await page.getByLabel('Scope').fill('read "write"');
    const refusal = page.waitForResponse('**/admin/api/clients');
    await page.getByRole('button', { name: 'Register the client' }).click();
    expect((await refusal).status()).toBe(422);
    await page.getByText('Scopes are separated by single spaces').waitFor();
    expect(await page.evaluate('document.activeElement.name')).toBe('scope');
  }).catch(ignoreStatus(422));
});

/** Chromium complains of each answer that is a refusal, which these tests ask for. */
function ignoreStatus(status: number) {
  return (error: unknown): void => {
    if (!String(error).includes(`a status of ${status}`)) throw error;
  };
}

test('whoever was slower is told that somebody else changed the client', async () => {
  const client = await machineClient('Contested');
  await visit(`/admin/clients/${client.client_id}`, async (page) => {
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByLabel('Name', { exact: true }).fill('Contested, by the other');
    await other.getByRole('button', { name: 'Save' }).click();
    await said(other, 'The client is saved');

    await page.getByLabel('Name', { exact: true }).fill('Contested, by me');
    await page.getByRole('button', { name: 'Save' }).click();
    const dialog = page.getByRole('dialog', { name: 'Somebody else changed this' });
    await dialog.getByRole('button', { name: 'Reload' }).click();
    await page.getByRole('heading', { name: 'Contested, by the other' }).waitFor();
    await settled(page);
    await page.getByLabel('Name', { exact: true }).fill('Contested, by me');
    await page.getByRole('button', { name: 'Save' }).click();
    await said(page, 'The client is saved');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Contested, by me' }).waitFor();
  }).catch(ignoreStatus(412));
});

test('a client that is disabled gets nothing, and a deleted one is gone', async () => {
  const client = await machineClient('Doomed');
  const token = await obtainToken(client);
  const witness = await machineClient('Witness');
  await visit(`/admin/clients/${client.client_id}`, async (page) => {
    await pressAndConfirm(page, page, 'Disable…', 'Disable');
    await page.getByText('Disabled', { exact: true }).waitFor();
    const ask = { grant_type: 'client_credentials' };
    expect((await post(`${server.issuer}/oauth/token`, client, ask)).status).toBe(401);
    await page.getByRole('button', { name: 'Enable' }).click();
    await page.getByText('Enabled', { exact: true }).waitFor();
    await obtainToken(client);

    await page.getByRole('button', { name: 'Delete…' }).click();
    expect(await page.getByRole('dialog').innerText()).toContain('tokens and grants');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.waitForURL(`${server.issuer}/admin/clients`);
    await said(page, 'The client is deleted');
    expect((await post(`${server.issuer}/oauth/token`, client, ask)).status).toBe(401);
    expect(await introspect(server.issuer, witness, token)).toEqual({ active: false });
  });
  await visit(`/admin/clients/${client.client_id}`, async (page) => {
    await page.getByText('There is no such thing here').waitFor();
  }).catch(ignoreStatus(404));
});

test('search finds by name and by id, and a long list is loaded in parts', async () => {
  const made: TestClient[] = [];
  for (let number = 0; number < 55; number += 1) made.push(await machineClient(`Station ${100 + number}`));
  await visit('/admin/clients', async (page) => {
    const rows = page.locator('tbody tr');
    expect(await rows.count()).toBe(50);
    const search = page.getByRole('searchbox');
    await search.fill('station');
    await page.waitForURL('**/admin/clients?search=station');
    await settled(page);
    await page.getByRole('button', { name: 'Load more' }).click();
    await rows.nth(54).waitFor();
    expect(await rows.count()).toBe(55);
    expect(await page.getByRole('button', { name: 'Load more' }).count()).toBe(0);

    await search.fill(made[7]!.client_id);
    await page.waitForURL(`**/admin/clients?search=${made[7]!.client_id}`);
    await settled(page);
    await page.getByRole('link', { name: 'Station 107' }).waitFor();
    expect(await rows.count()).toBe(1);
    await search.fill('nothing of the kind');
    await page.getByText('No client’s name or ID begins with “nothing of the kind”.').waitFor();

    await page.goto(`${server.issuer}/admin/clients?search=station%20110`);
    await settled(page);
    expect(await rows.count()).toBe(1);
  });
});

test('a client is registered by the keyboard alone', async () => {
  await visit('/admin/keys', async (page) => {
    const press = async (name: string) => {
      for (let presses = 0; presses < 40; presses += 1) {
        const focused = page.locator(':focus');
        const isThere = (await focused.count()) > 0;
        const text = isThere
          ? `${await focused.innerText()}|${(await focused.getAttribute('name')) ?? ''}`
          : '';
        if (text.split('|').some((one) => one.trim() === name)) return;
        await page.keyboard.press('Tab');
      }
      throw new Error(`Tab does not reach ${name}`);
    };
    await press('Clients');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/admin/clients');
    await press('New client');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/admin/clients/new');
    await press('client_name');
    await page.keyboard.type('By keyboard');
    await press('redirect_uris');
    await page.keyboard.type('https://keys.example/callback');
    await press('Register the client');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await press('I have stored it');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'By keyboard' }).waitFor();
  });
});
