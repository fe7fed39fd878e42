/** Without a mouse: a provider is added and asked, and requests are found and read. */
import type { Locator, Page } from '@playwright/test';
import { type Gateway, startGateway, UPSTREAM_KEY } from './gateway';
import { expect, open, test } from './test';

let gateway: Gateway;
test.beforeEach(async ({ page }) => {
  gateway = await startGateway();
  // Whoever reaches for the mouse fails.
  await page.addInitScript(() => addEventListener('pointerdown', () => alert('a mouse was used'), true));
});
test.afterEach(() => gateway.stop());

/** Tab after Tab until it has the focus, which can be seen. */
async function reach(page: Page, target: Locator) {
  await expect(target).toBeVisible();
  for (let press = 0; press < 120; press++) {
    if (await target.evaluate((it) => it === document.activeElement)) {
      const outline = await target.evaluate((it) => getComputedStyle(it).outlineStyle);
      // A control that is drawn by another element shows it there.
      if (!(await target.evaluate((it) => getComputedStyle(it).opacity === '0'))) expect(outline).not.toBe('none');
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${target}`);
}

async function press(page: Page, target: Locator, key = 'Enter') {
  await reach(page, target);
  await page.keyboard.press(key);
}

async function type(page: Page, target: Locator, text: string) {
  await reach(page, target);
  await page.keyboard.press('Control+a');
  await page.keyboard.type(text);
}

test('from an empty gateway to an answer, and to its request', async ({ page }) => {
  await open(page, gateway, '/');
  await press(page, page.getByRole('link', { name: 'Add a provider' }));
  const dialog = page.getByRole('dialog', { name: 'Add a provider' });
  await press(page, dialog.getByRole('button', { name: 'DeepSeek' }));
  await type(page, dialog.getByLabel('Base URL'), `${gateway.upstream}/v1`);
  await type(page, dialog.getByLabel('API key'), UPSTREAM_KEY);
  await press(page, dialog.getByRole('button', { name: 'Check and go on' }));
  await press(page, dialog.getByRole('list', { name: 'Models it offers' }).getByRole('checkbox').first(), 'Space');
  await press(page, dialog.getByRole('button', { name: 'Go on', exact: true }));
  await press(page, dialog.getByRole('button', { name: 'Create' }));
  await press(page, dialog.getByRole('button', { name: /^Say hello to/ }));
  await expect(dialog.getByText('complete')).toBeVisible();
  await press(page, dialog.getByRole('button', { name: 'Finish' }));
  await expect(dialog).toBeHidden();

  // By its keys to the list, and through it.
  await page.keyboard.press('g');
  await page.keyboard.press('l');
  await expect(page.getByRole('heading', { level: 1, name: 'Requests' })).toBeVisible();
  await expect(page.locator('tr[data-row]')).toHaveCount(1);
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox')).toBeFocused();
  await page.keyboard.type('no such thing');
  await expect(page.getByText('No request in this time is like that.')).toBeVisible();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  await expect(page.locator('tr[data-row]')).toHaveCount(1);
  await press(page, page.getByRole('button', { name: 'Filters', exact: true }));
  await press(page, page.getByRole('button', { name: /^success|1$/ }).last());
  await expect(page.getByRole('button', { name: /^Remove the filter/ })).toBeVisible();
  await press(page, page.getByRole('button', { name: /^Remove the filter/ }));
  await expect(page.getByRole('button', { name: /^Remove the filter/ })).toHaveCount(0);
  await page.keyboard.press('j');
  await expect(page.getByRole('complementary')).toBeVisible();
  await page.keyboard.press('o');
  await expect(page.getByRole('heading', { level: 1, name: 'Request' })).toBeVisible();
});

test('a form begins at its first field, and gives the focus back', async ({ page, seeded }) => {
  await open(page, seeded, '/keys');
  await page.getByRole('button', { name: 'Create a key' }).press('Enter');
  await expect(page.getByRole('dialog').getByRole('textbox', { name: 'Name' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Create a key' })).toBeFocused();
  const menu = page.getByRole('button', { name: 'Actions for ci-bot' });
  await menu.press('Enter');
  await page.getByRole('menuitem', { name: 'Delete' }).press('Enter');
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(menu).toBeFocused();
});

test('all keys are listed, and letters can be kept from doing anything', async ({ page, seeded }) => {
  await open(page, seeded, '/');
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(dialog.getByText('g l', { exact: true })).toBeVisible();
  await dialog.getByLabel('Single keys do something, too').press('Space');
  await expect(dialog.getByText('g l', { exact: true })).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await page.keyboard.type('?gl');
  await expect(dialog).toHaveCount(0);
  expect(new URL(page.url()).pathname).toBe('/');
  // By its name it is found all the same.
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('A page, a name').fill('shortcuts');
  await page.keyboard.press('Enter');
  await dialog.getByLabel('Single keys do something, too').press('Space');
  await page.keyboard.press('Escape');
  await page.keyboard.type('gl');
  await expect(page).toHaveURL(/\/logs/);
});
