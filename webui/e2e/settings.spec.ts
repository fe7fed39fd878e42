import { accessible, expect, fits, open, test } from './test';

test('who counts tokens is tried before it is saved', async ({ page, seeded }) => {
  await open(page, seeded, '/settings');
  await page.getByLabel('Counting provider').selectOption('Anthropic');
  const model = page.getByLabel('Model to count for');
  await expect(model).not.toHaveValue('');
  await page.getByRole('button', { name: 'Test counting' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'counts tokens' })).toBeVisible();
  await expect(page.getByText(/\d+ tokens · 200/)).toBeVisible();
  await model.fill('fault:429');
  await page.getByRole('button', { name: 'Test counting' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'does not count' })).toContainText('429');
  expect((await seeded.api<{ counting_provider: null }>('GET', '/api/settings')).counting_provider).toBeNull();
});

for (const [locale, theme, words] of [
  ['en', 'light', 'only counts tokens'],
  ['zh-CN', 'dark', '仅用于计算 token'],
  ['zh-TW', 'light', '僅用於計算 token'],
] as const)
  test(`a provider that is asked only to count tokens is not unused, in ${locale}`, async ({ page, seeded }) => {
    const provider = { name: 'counts', type: 'anthropic', base_url: `${seeded.upstream}/v1`, api_key: 'k' };
    const { id } = await seeded.api<{ id: string }>('POST', '/api/providers', provider);
    const settings = await seeded.api<object>('GET', '/api/settings');
    try {
      await page.setViewportSize({ width: 390, height: 844 });
      await open(page, seeded, '/providers?q=counts&state=idle', { locale, theme });
      await expect(page.locator('[data-row]')).toHaveCount(1);
      await seeded.api('PUT', '/api/settings', { ...settings, counting_provider: 'counts' });
      await open(page, seeded, '/providers?q=counts&state=ready', { locale, theme });
      await expect(page.locator('[data-row]')).toContainText(words);
      await accessible(page);
      await fits(page);
      await open(page, seeded, `/providers/${id}`, { locale, theme });
      await expect(page.getByText(words)).toBeVisible();
    } finally {
      await seeded.api('PUT', '/api/settings', { ...settings, counting_provider: null });
      await seeded.api('DELETE', `/api/providers/${id}`);
    }
  });
