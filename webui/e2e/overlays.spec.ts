/** Everything that opens over a page, light and dark, on a desktop and a phone: no violation, and nothing wider than the screen. */
import type { Locator, Page } from '@playwright/test';
import { accessible, expect, fits, open, type Seeded, test } from './test';

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const;

type Opener = (page: Page) => Promise<unknown>;

const button = (name: string | RegExp): Opener => {
  return (page) =>
    page
      .getByRole('main')
      .getByRole('button', { name, exact: typeof name === 'string' })
      .first()
      .click();
};
/** A row's menu, or what it leads to. */
const menu = (row: string, item?: string): Opener => {
  return async (page) => {
    await page.getByRole('button', { name: `Actions for ${row}`, exact: true }).click();
    await expect(page.getByRole('menu')).toBeVisible();
    if (item) await page.getByRole('menuitem', { name: item }).click();
  };
};

interface Opening {
  path: string;
  /** What comes over the page. */
  over?: Opener[];
  /** What unfolds in it. */
  within?: Opener[];
}

const range: Opener = (page) => page.getByLabel('Time', { exact: true }).selectOption('custom');

const openings = (seeded: Seeded, log: string, provider: string): Opening[] => [
  {
    path: '/?model=broken',
    over: [(page) => page.keyboard.press('Control+k'), (page) => page.keyboard.press('?'), range],
    within: [button('As a table')],
  },
  {
    path: '/logs?model=broken',
    over: [button('Export'), range],
    within: [button('Filters'), button('Columns'), button('Views')],
  },
  {
    path: `/logs/${log}`,
    within: ['Request', 'Response', 'Details', 'Send again'].map(
      (name) => (page: Page) => page.getByRole('tab', { name, exact: true }).click(),
    ),
  },
  {
    path: '/providers?q=Azure',
    over: [menu('Azure'), menu('Azure', 'Edit'), menu('Azure', 'Delete'), button('Add a provider')],
  },
  { path: `/providers/${provider}`, over: [button('Add models'), button('Edit'), button('Delete')] },
  {
    path: '/models?q=gemini-3',
    over: [menu('gemini-3'), menu('gemini-3', 'Edit'), menu('gemini-3', 'Delete'), button('Add a model')],
  },
  {
    path: `/models/${seeded.models['gpt-5']}`,
    over: [
      menu('OpenAI › gpt-5'),
      menu('OpenAI › gpt-5', 'Edit'),
      menu('OpenAI › gpt-5', 'Test'),
      menu('OpenAI › gpt-5', 'Duplicate'),
      menu('OpenAI › gpt-5', 'Delete'),
      button('Simulate'),
      button('Test all'),
      button('Edit'),
      button('Delete'),
      button('Association'),
    ],
    within: [(page) => page.getByLabel('Choose OpenAI › gpt-5').check()],
  },
  {
    path: '/keys?q=alice',
    over: [menu('alice'), menu('alice', 'Edit'), menu('alice', 'Delete'), button('Create a key')],
  },
  { path: '/settings', over: [button('Delete…')] },
];

test.describe.configure({ mode: 'parallel' });
// There is too much of it to be recorded.
test.use({ trace: 'off', actionTimeout: 10_000 });

for (const { width, height } of SIZES) {
  test(`what opens over pages, ${width}`, async ({ page, seeded }) => {
    test.setTimeout(240_000);
    await page.setViewportSize({ width, height });
    const { data: logs } = await seeded.api<{ data: { id: string }[] }>('GET', '/api/logs?model=tools&limit=1');
    const { data: providers } = await seeded.api<{ data: { id: string }[] }>('GET', '/api/providers');
    for (const { path, over = [], within = [] } of openings(seeded, logs[0]?.id ?? '', providers[0]?.id ?? '')) {
      await open(page, seeded, path);
      for (const opener of over) {
        await opener(page);
        const top = page.locator('dialog[open], [role=menu]').last();
        await stands(top);
        await inBothThemes(page, 'dialog[open], [role=menu]');
        await fits(page);
        await page.keyboard.press('Escape');
        await expect(top).toHaveCount(0);
      }
      for (const opener of within) {
        await opener(page);
        await expect(page.locator('[role=status][aria-label]')).toHaveCount(0);
        await inBothThemes(page, 'main');
        await fits(page);
      }
    }
  });
}

/** A theme changes colours, and nothing else that a rule is about. */
async function inBothThemes(page: Page, what?: string) {
  await accessible(page, what);
  await page.evaluate(() => document.documentElement.setAttribute('data-theme', 'dark'));
  await accessible(page, what, ['color-contrast']);
  await page.evaluate(() => document.documentElement.setAttribute('data-theme', 'light'));
}

/** It has come in, with what it asked for. */
async function stands(over: Locator) {
  await expect(over).toBeVisible();
  await expect(over.locator('[role=status][aria-label]')).toHaveCount(0);
  await expect(async () => {
    const moving = await over.evaluateAll((all) => all.some((it) => it.getAnimations({ subtree: true }).length > 0));
    expect(moving).toBe(false);
  }).toPass({ timeout: 5000 });
}

test('on a phone: all pages', async ({ page, seeded }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, seeded, '/keys');
  await page.getByRole('button', { name: 'More' }).click();
  await stands(page.getByRole('dialog', { name: 'All pages' }));
  await inBothThemes(page);
  await fits(page);
});

test('a key that is shown once, and a token that is asked for again', async ({ page, seeded }) => {
  for (const { width, height } of SIZES) {
    await page.setViewportSize({ width, height });
    await open(page, seeded, '/keys?add=true');
    await page.getByRole('dialog').getByLabel('Name').fill(`once ${width}`);
    await page.getByRole('button', { name: 'Create the key' }).click();
    const once = page.getByRole('dialog', { name: `The key once ${width}` });
    await stands(once);
    await inBothThemes(page);
    await once.getByRole('button', { name: 'I have stored it' }).click();
    await page.route('**/api/models', (route) =>
      route.continue({ headers: { ...route.request().headers(), authorization: 'Bearer revoked' } }),
    );
    await page.goto(`${seeded.console}/models`);
    await stands(page.getByRole('dialog', { name: 'Sign in again' }));
    await inBothThemes(page);
    await fits(page);
    await page.unroute('**/api/models');
  }
});
