/** Everything that opens over a page, light and dark, on a desktop and a phone: no violation, and nothing wider than the screen. */
import type { Locator, Page } from '@playwright/test';
import { accessible, expect, fits, open, type Seeded, test } from './test';

const LOOKS = [
  { theme: 'light', width: 1440, height: 900 },
  { theme: 'dark', width: 1440, height: 900 },
  { theme: 'light', width: 390, height: 844 },
  { theme: 'dark', width: 390, height: 844 },
] as const;

/** Opens one, or says that there is none on such a screen. */
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
    await page.getByRole('button', { name: `Actions for ${row}` }).click();
    await expect(page.getByRole('menu')).toBeVisible();
    if (item) await page.getByRole('menuitem', { name: item }).click();
  };
};

const pages = (seeded: Seeded, log: string, provider: string): [string, Opener[]][] => [
  [
    '/',
    [
      (page) => page.keyboard.press('Control+k'),
      (page) => page.getByLabel('Time', { exact: true }).selectOption('custom'),
      button('As a table'),
    ],
  ],
  [
    '/logs',
    [
      button('Export'),
      button('Filters'),
      button('Columns'),
      button('Views'),
      (page) => page.getByLabel('Time', { exact: true }).selectOption('custom'),
    ],
  ],
  [
    `/logs/${log}`,
    ['Request', 'Response', 'Details', 'Send again'].map(
      (name) => (page: Page) => page.getByRole('tab', { name, exact: true }).click(),
    ),
  ],
  ['/providers', [menu('OpenAI'), menu('OpenAI', 'Edit'), menu('OpenAI', 'Delete'), button('Add a provider')]],
  [`/providers/${provider}`, [button('Add models'), button('Edit'), button('Delete')]],
  ['/models', [menu('gpt-5'), menu('gpt-5', 'Edit'), menu('gpt-5', 'Delete'), button('Add a model')]],
  [
    `/models/${seeded.models['gpt-5']}`,
    [
      menu('OpenAI › gpt-5'),
      menu('OpenAI › gpt-5', 'Edit'),
      menu('OpenAI › gpt-5', 'Test'),
      menu('OpenAI › gpt-5', 'Duplicate'),
      menu('OpenAI › gpt-5', 'Delete'),
      button('Simulate'),
      button('Test all'),
      button('Edit'),
      button('Delete'),
      button('Add an association'),
      (page) => page.getByLabel('Choose OpenAI › gpt-5').check(),
    ],
  ],
  ['/keys', [menu('alice'), menu('alice', 'Edit'), menu('alice', 'Delete'), button('Create a key')]],
  ['/settings', [button('Delete…')]],
];

test.describe.configure({ mode: 'parallel' });

for (const { theme, width, height } of LOOKS) {
  test(`what opens over pages: ${theme}, ${width}`, async ({ page, seeded }) => {
    test.setTimeout(240_000);
    await page.setViewportSize({ width, height });
    const { data: logs } = await seeded.api<{ data: { id: string }[] }>('GET', '/api/logs?model=gpt-5&limit=1');
    const { data: providers } = await seeded.api<{ data: { id: string }[] }>('GET', '/api/providers');
    for (const [path, openers] of pages(seeded, logs[0]?.id ?? '', providers[0]?.id ?? '')) {
      await open(page, seeded, path, { theme });
      for (const [index, opener] of openers.entries()) {
        await test.step(`${path} ${index}`, async () => {
          await opener(page);
          const over = page.locator('dialog[open], [role=menu]').last();
          await stands(over);
          await accessible(page, (await over.count()) ? 'dialog[open], [role=menu]' : 'main');
          await fits(page);
          if (await over.count()) {
            await page.keyboard.press('Escape');
            await expect(over).toHaveCount(0);
          }
        });
      }
    }
  });
}

/** It has come in, with what it asked for. */
async function stands(over: Locator) {
  await expect(over.locator('[role=status][aria-label]')).toHaveCount(0);
  await expect(async () => {
    const moving = await over.evaluateAll((all) => all.some((it) => it.getAnimations({ subtree: true }).length > 0));
    expect(moving).toBe(false);
  }).toPass();
}

test('on a phone: all pages', async ({ page, seeded }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const theme of ['light', 'dark']) {
    await open(page, seeded, '/', { theme });
    await page.getByRole('button', { name: 'More' }).click();
    await stands(page.getByRole('dialog', { name: 'All pages' }));
    await accessible(page);
    await fits(page);
  }
});

test('a key that is shown once, and a token that is asked for again', async ({ page, seeded }) => {
  for (const [theme, width] of [
    ['light', 1440],
    ['dark', 390],
  ] as const) {
    await page.setViewportSize({ width, height: 844 });
    await open(page, seeded, '/keys?add=true', { theme });
    await page.getByRole('dialog').getByLabel('Name').fill(`once ${theme}`);
    await page.getByRole('button', { name: 'Create the key' }).click();
    const once = page.getByRole('dialog', { name: `The key once ${theme}` });
    await stands(once);
    await accessible(page);
    await once.getByRole('button', { name: 'I have stored it' }).click();
    await page.route('**/api/models', (route) =>
      route.continue({ headers: { ...route.request().headers(), authorization: 'Bearer revoked' } }),
    );
    await page.goto(`${seeded.console}/models`);
    await stands(page.getByRole('dialog', { name: 'Sign in again' }));
    await accessible(page);
    await fits(page);
    await page.unroute('**/api/models');
  }
});
