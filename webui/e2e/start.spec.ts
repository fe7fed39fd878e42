/** Quick start sees a client's first request come. */
import { accessible, expect, open, test } from './test';

const body = (model: string) => ({ model, messages: [{ role: 'user', content: 'Hello?' }] });

test('the first request of the chosen key is ticked when it comes', async ({ page, seeded }) => {
  await open(page, seeded, '/start');
  await page.getByLabel('Key', { exact: true }).selectOption('ci-bot');
  const card = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Received' }) });
  await expect(card).toContainText('waiting for a first request with the key ci-bot');
  // What the console asks is no client's.
  await page.getByRole('button', { name: 'Say hello' }).click();
  await expect(page.getByText('complete', { exact: true })).toBeVisible();
  await seeded.ask('/v1/chat/completions', body('no-such-model'), seeded.key).then((it) => it.text());
  await expect(card).toContainText('no-such-model');
  await expect(card).toContainText('gateway error');
  // A good one after a bad one is the one that was waited for.
  await seeded.ask('/v1/chat/completions', body('gpt-5'), seeded.key).then((it) => it.text());
  await expect(card).toContainText('success');
  await expect(card).toContainText('gpt-5');
  await accessible(page);
  await card.getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1, name: 'Request' })).toBeVisible();
});
