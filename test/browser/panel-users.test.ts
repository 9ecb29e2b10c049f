import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { EVENT_TYPES } from '../../src/http/panel/browser/event-types.ts';
import { AUDIT_EVENT_TYPES } from '../../src/actors/audit/messages.ts';
import { launchBrowser } from '../support/chromium.ts';
import { introspect, obtainCode, redeem, registerClient } from '../support/client.ts';
import { browsePanel, card, pressAndConfirm, said, settled, takeSecret } from '../support/panel.ts';
import { Person } from '../support/person.ts';
import { ADMIN, runCli, startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});

afterAll(async () => {
  await browser.close();
  await server.stop();
});

function visit(path: string, act: (page: Page) => Promise<void>): Promise<void> {
  return browsePanel(browser, server, path, act);
}

async function canSignIn(username: string, password: string): Promise<boolean> {
  const person = new Person(server.issuer);
  const step = await person.logIn(await person.open('/account'), { username, password });
  return step.status === 200 && new URL(step.url).pathname === '/account';
}

test('a user is added with a password that the server made, and changed', async () => {
  await visit('/admin/users', async (page) => {
    await page.getByRole('link', { name: 'New user' }).click();
    await page.getByLabel('Username').fill('ada');
    await page.getByLabel('Email', { exact: true }).fill('ada@example.com');
    await page.getByRole('button', { name: 'Add the user' }).click();
    await page.getByRole('dialog').waitFor();
    const password = await takeSecret(page);
    await page.getByRole('heading', { name: 'ada', exact: true }).waitFor();
    expect(await canSignIn('ada', password)).toBe(true);

    await page.getByLabel('Name', { exact: true }).fill('Ada Lovelace');
    await page.getByRole('button', { name: 'Save' }).click();
    await said(page, 'The profile is saved');
    await page.reload();
    await settled(page);
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Ada Lovelace');

    await page.getByRole('button', { name: 'Reset password' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Reset password' }).click();
    await page.locator('input.secret').waitFor();
    const next = await takeSecret(page);
    await said(page, 'The password is reset');
    expect([await canSignIn('ada', password), await canSignIn('ada', next)]).toEqual([false, true]);
  });
});

test('disabling a user ends sessions and tokens, and says before that it will', async () => {
  const grace = { username: 'grace', password: 'a long and sound password' };
  await runCli(['users', 'add', grace.username, '--password-stdin'], server.env, grace.password);
  const person = new Person(server.issuer);
  await person.logIn(await person.open('/account'), grace);
  const client = await registerClient(server.issuer);
  const { body } = await redeem(server.issuer, client, await obtainCode(server.issuer, client, {}, person));
  expect(await introspect(server.issuer, client, body.access_token)).toMatchObject({ active: true });

  await visit('/admin/users?search=grace', async (page) => {
    await page.getByRole('link', { name: 'grace' }).click();
    await card(page, 'Access tokens').getByText('Active').waitFor();
    await card(page, 'Sessions').getByRole('button', { name: 'End…' }).waitFor();
    await page.getByRole('button', { name: 'Disable…' }).click();
    expect(await page.getByRole('dialog').innerText()).toContain('All sessions end');
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
    await said(page, 'The user is disabled');
    expect((await person.open('/account')).url).toContain('/auth/login');
    expect(await introspect(server.issuer, client, body.access_token)).toEqual({ active: false });
    await settled(page);
    await card(page, 'Grants').getByText('Revoked').waitFor();
    await card(page, 'Sessions').getByText('Not signed in anywhere.').waitFor();

    await page.getByRole('button', { name: 'Enable' }).click();
    await said(page, 'The user is enabled');
    expect(await canSignIn(grace.username, grace.password)).toBe(true);
  });
});

test('sessions are shown with their browser, and end one by one', async () => {
  const eve = { username: 'eve', password: 'a long and sound password' };
  await runCli(['users', 'add', eve.username, '--password-stdin'], server.env, eve.password);
  const person = new Person(server.issuer);
  await person.logIn(await person.open('/account'), eve);
  await visit('/admin/users?search=eve', async (page) => {
    await page.getByRole('link', { name: 'eve' }).click();
    const sessions = card(page, 'Sessions');
    await sessions.getByText('127.0.0.1').waitFor();
    await pressAndConfirm(page, sessions, 'End…', 'End the session');
    await said(page, 'The session has ended');
    await sessions.getByText('Not signed in anywhere.').waitFor();
    expect((await person.open('/account')).url).toContain('/auth/login');
  });
});

test('the last admin stays one, and the refusal is shown', async () => {
  await visit('/admin/users?search=admin', async (page) => {
    await page.getByRole('link', { name: ADMIN.username, exact: true }).last().click();
    await page.getByLabel('Administrator').uncheck();
    const refusal = page.waitForResponse((response) => response.request().method() === 'PATCH');
    await page.getByRole('button', { name: 'Save' }).click();
    expect((await refusal).status()).toBe(409);
    const { detail } = (await (await refusal).json()) as { detail: string };
    await page
      .getByRole('alert')
      .filter({ hasText: detail })
      .or(page.locator('.mistake:not(:empty)'))
      .first()
      .waitFor();

    await pressAndConfirm(page, page, 'Disable…', 'Disable');
    await page.getByRole('dialog').getByRole('alert').locator('p').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    expect(await canSignIn(ADMIN.username, ADMIN.password)).toBe(true);
  }).catch((error: unknown) => {
    // Chromium complains of each refusal.
    if (!String(error).includes('a status of 409')) throw error;
  });
});

test('grants of all are listed, and those of one client with its tokens', async () => {
  const client = await registerClient(server.issuer, { client_name: 'Listed' });
  await redeem(server.issuer, client, await obtainCode(server.issuer, client));
  await visit('/admin/tokens', async (page) => {
    await card(page, 'Grants').getByText('Active').first().waitFor();
    await page.getByText('Choose either a client or a user').waitFor();
    await page.getByLabel('Client').fill(client.client_id);
    await page.getByLabel('Client').press('Enter');
    await page.waitForURL(`**/admin/tokens?client_id=${client.client_id}`);
    await settled(page);
    await card(page, 'Access tokens').getByText('Active').waitFor();
    await pressAndConfirm(page, card(page, 'Grants'), 'Revoke…', 'Revoke');
    await said(page, 'The grant is revoked');
    await card(page, 'Grants').getByText('Revoked').waitFor();
  });
});

test('the activity is filtered by type, and exported as it is filtered', async () => {
  const client = await registerClient(server.issuer, { client_name: 'Recorded' });
  await visit('/admin/activity', async (page) => {
    await page.getByLabel('What').selectOption({ label: 'Client registered' });
    await page.waitForURL('**/admin/activity?type=client_registered');
    await settled(page);
    const whats = await page.locator('tbody .cell-name').allInnerTexts();
    expect(new Set(whats)).toEqual(new Set(['Client registered']));

    await page.getByLabel('Client').fill(client.client_id);
    await page.getByLabel('Client').press('Enter');
    await page.waitForURL(`**client_id=${client.client_id}`);
    await settled(page);
    expect(await page.locator('tbody tr').count()).toBe(1);

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export as NDJSON' }).click(),
    ]);
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
    const lines = Buffer.concat(chunks).toString('utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ type: 'client_registered', client_id: client.client_id }),
    ]);
  });
});

test('the panel offers each event that the server records', () => {
  expect([...EVENT_TYPES].sort()).toEqual([...AUDIT_EVENT_TYPES].sort());
});
