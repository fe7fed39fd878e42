import type { Page, Route } from '@playwright/test';
import { type Gateway, startGateway, TOKEN } from './gateway';
import { accessible, expect, open, test } from './test';

const elsewhere = Boolean(process.env.LLMIO_CONSOLE_DIST);

/** A console of its own asks which gateway it is for. */
async function address(page: Page, gateway: Gateway) {
  if (elsewhere) await page.getByLabel('Address of the gateway').fill(gateway.url);
}

test('a wrong token is told of and kept in its field; the right one leads to where one wanted to be', async ({
  page,
  seeded,
}) => {
  await page.goto(`${seeded.console}/models?q=gpt`);
  await expect(page.getByRole('heading', { name: 'Sign in to LLMIO' })).toBeVisible();
  await address(page, seeded);
  await accessible(page);
  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('does not accept this token');
  await expect(page.getByLabel('Token')).toHaveValue('wrong');
  await page.getByLabel('Token').fill(TOKEN);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { name: 'Models' })).toBeVisible();
  expect(new URL(page.url()).search).toBe('?q=gpt');
  expect(await page.evaluate(() => Object.keys(localStorage))).not.toContain('llmio.session');
});

test('that a token is wrong is said, though the first look at the gateway is answered after it', async ({
  page,
  seeded,
}) => {
  await page.goto(`${seeded.console}/sign-in`);
  const held: Route[] = [];
  await page.route(`${seeded.url}/api/version`, (route) =>
    route.request().headers().authorization ? route.continue() : void held.push(route),
  );
  await address(page, seeded);
  await expect.poll(() => held.length).toBeGreaterThan(0);
  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  const wrong = page.getByRole('alert').filter({ hasText: 'does not accept this token' });
  await expect(wrong).toHaveCount(1);
  for (const route of held) await route.continue();
  await page.waitForLoadState('networkidle');
  expect(await wrong.count()).toBe(1);
});

test('a link may bring the token, and does not keep it', async ({ page, seeded }) => {
  await page.goto(`${seeded.console}/sign-in#token=${TOKEN}`);
  await expect(page.getByLabel('Token')).toHaveValue(TOKEN);
  expect(page.url()).toBe(`${seeded.console}/sign-in`);
});

test('next is a path of the console, never another address', async ({ page, seeded }) => {
  await page.goto(`${seeded.console}/sign-in?next=//evil.example/`);
  await address(page, seeded);
  await page.getByLabel('Token').fill(TOKEN);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { name: 'Dashboard' })).toBeVisible();
});

test('a token that is refused later is asked for over the form, which keeps what was entered', async ({
  page,
  seeded,
}) => {
  await open(page, seeded, '/providers');
  await page.getByRole('button', { name: 'Add a provider' }).click();
  const form = page.getByRole('dialog', { name: 'Add a provider' });
  await form.getByLabel('Name').fill('half-filled');
  await page.route('**/api/**', (route) =>
    route.continue({ headers: { ...route.request().headers(), authorization: 'Bearer revoked' } }),
  );
  await form.getByRole('button', { name: 'Check and go on' }).click();
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await expect(dialog).toBeVisible();
  await page.unroute('**/api/**');
  await dialog.getByLabel('Token').fill(TOKEN);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await expect(dialog).toBeHidden();
  await expect(form.getByLabel('Name')).toHaveValue('half-filled');
});

test("a token that is asked for again goes to the session's gateway, not to the host of the page", async ({
  page,
  seeded,
}) => {
  test.skip(elsewhere, 'of a page that a gateway serves');
  const other = 'http://127.0.0.1:9';
  const cors = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' };
  const told: string[] = [];
  page.on('request', (request) => {
    if (request.headers().authorization?.includes(TOKEN)) told.push(new URL(request.url()).origin);
  });
  await page.route(`${other}/**`, (route) =>
    route.request().headers().authorization === `Bearer ${TOKEN}`
      ? route.fulfill({ headers: cors, json: { version: '1', config_version: 1, schema: '1', data: [] } })
      : route.fulfill({ status: route.request().method() === 'OPTIONS' ? 204 : 401, headers: cors }),
  );
  // As a console that was built for another gateway.
  await page.route(`${seeded.console}/providers`, async (route) => {
    const response = await route.fetch();
    const html = (await response.text()).replace("connect-src 'self'", `$& ${other}`);
    await route.fulfill({ response, body: html });
  });
  await page.addInitScript((address) => {
    if (!localStorage.getItem('llmio.session'))
      localStorage.setItem('llmio.session', JSON.stringify({ address, token: 'revoked' }));
  }, other);
  await page.goto(`${seeded.console}/providers`);
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.getByLabel('Token').fill(TOKEN);
  // Not to keep it would sign out the other tabs.
  await expect(dialog.getByLabel('Keep me signed in on this device')).toBeChecked();
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await expect(dialog).toBeHidden();
  expect(JSON.parse((await page.evaluate(() => localStorage.getItem('llmio.session'))) ?? '')).toEqual({
    address: other,
    token: TOKEN,
  });
  expect(new Set(told)).toEqual(new Set([other]));
});

test('signing out in one tab signs out the others', async ({ context, page, seeded }) => {
  await page.goto(`${seeded.console}/keys`);
  await address(page, seeded);
  await page.getByLabel('Token').fill(TOKEN);
  await page.getByLabel('Keep me signed in on this device').check();
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { name: 'Keys' })).toBeVisible();
  const other = await context.newPage();
  await other.goto(`${seeded.console}/models`);
  await expect(other.getByRole('heading', { name: 'Models' })).toBeVisible();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(other.getByRole('heading', { name: 'Sign in to LLMIO' })).toBeVisible();
});

test('a gateway without a token lets this computer in', async ({ page }) => {
  test.skip(elsewhere, 'it lets no other origin in');
  const gateway = await startGateway({ token: null });
  try {
    await page.goto(gateway.console);
    await expect(page.getByRole('heading', { name: 'Dashboard' })).toBeVisible();
    await expect(page.getByRole('heading', { name: 'First steps' })).toBeVisible();
  } finally {
    await gateway.stop();
  }
});

test('a gateway that goes away is told of, and found again', async ({ page }) => {
  const gateway = await startGateway();
  try {
    await open(page, gateway, '/providers');
    await expect(page.getByRole('link', { name: 'Gateway: healthy' })).toBeVisible();
    await gateway.kill();
    await expect(page.getByRole('link', { name: 'Gateway: unreachable' })).toBeVisible({ timeout: 15_000 });
  } finally {
    await gateway.stop();
  }
});
