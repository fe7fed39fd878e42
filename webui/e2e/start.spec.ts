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

test('a client that is told by hand: each field is copied, and Cursor is warned of', async ({
  page,
  context,
  seeded,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await open(page, seeded, '/start?client=cursor&model=gpt-5');
  await expect(page.getByText('must be reached from the internet')).toBeVisible();
  await page.getByRole('button', { name: 'Copy: Override OpenAI Base URL' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^http.*\/openai\/v1$/);
  await expect(page.getByRole('button', { name: 'Copy: OpenAI API Key' })).toHaveCount(0);
  await accessible(page);
  await page.getByLabel('Client').selectOption('Zed');
  await expect(page.locator('pre', { hasText: 'openai_compatible' })).toContainText('gpt-5');
  await accessible(page);
});

test('playground: an answer in another dialect than the model has, and one that is stopped', async ({
  page,
  seeded,
}) => {
  const [provider] = (await seeded.api<{ data: { id: string }[] }>('GET', '/api/providers')).data;
  const { id } = await seeded.api<{ id: string }>('POST', '/api/models', { name: 'slow-talker' });
  try {
    const slow = { model_id: id, provider_id: provider?.id, provider_model: 'text+chunks=9+delay=1000' };
    await seeded.api('POST', '/api/associations', slow);
    await open(page, seeded, '/playground?models=["gemini-3","slow-talker"]');
    await page.getByRole('region', { name: 'gemini-3' }).getByLabel('Dialect').selectOption('Anthropic, translated');
    await page.getByLabel('Prompt', { exact: true }).fill('Say hello.');
    await page.keyboard.press('Control+Enter');
    const gemini = page.getByRole('region', { name: 'gemini-3' });
    const talker = page.getByRole('region', { name: 'slow-talker' });
    await expect(gemini.getByText('complete', { exact: true })).toBeVisible();
    await expect(gemini.getByText('Hello from the scripted provider.')).toBeVisible();
    // The other one is still at it.
    await talker.getByRole('button', { name: 'Stop' }).click();
    await expect(talker.getByText('stopped', { exact: true })).toBeVisible();
    // The log is written behind the answer.
    const logged = () => seeded.api<{ data: { dialect: string }[] }>('GET', '/api/logs?model=gemini-3&origin=console');
    await expect.poll(async () => (await logged()).data[0]?.dialect).toBe('anthropic');
  } finally {
    await seeded.api('DELETE', `/api/models/${id}`);
  }
});
