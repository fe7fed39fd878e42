import { expect, open, test } from './test';

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
