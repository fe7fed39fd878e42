/** What an operator does: mends what is broken at night, deletes knowing what goes along, cleans up knowing how much. */
import { type Gateway, startGateway, UPSTREAM_KEY } from './gateway';
import { accessible, expect, open, test, until } from './test';

interface Id {
  id: string;
}
interface Made {
  provider: Id;
  model: Id;
  association: Id;
}

let gateway: Gateway;
let made: Made;
let key: string;
test.beforeEach(async () => {
  gateway = await startGateway();
  const { api, upstream } = gateway;
  const base_url = `${upstream}/v1`;
  const provider = await api<Id>('POST', '/api/providers', {
    name: 'Main',
    type: 'openai',
    base_url,
    api_key: UPSTREAM_KEY,
  });
  const model = await api<Id>('POST', '/api/models', { name: 'gpt', max_retry: 0 });
  const association = await api<Id>('POST', '/api/associations', {
    model_id: model.id,
    provider_id: provider.id,
    provider_model: 'fault:503',
  });
  ({ key } = await api<{ key: string }>('POST', '/api/keys', { name: 'team-a', models: ['gpt'] }));
  made = { provider, model, association };
});
test.afterEach(() => gateway.stop());

const ask = async () => {
  const body = { model: 'gpt', messages: [{ role: 'user', content: 'Hello?' }] };
  await gateway.ask('/v1/chat/completions', body, key).then((it) => it.text());
};

test('a broken provider: what, since when, why, and the button that mends it, within two clicks of /', async ({
  page,
}) => {
  const state = async () => {
    const { associations } = await gateway.api<{ associations: { state: string }[] }>('GET', '/api/health');
    return associations[0]?.state;
  };
  await until(async () => {
    await ask();
    return (await state()) === 'resting';
  });
  await page.addInitScript(() => {
    addEventListener(
      'click',
      () => sessionStorage.setItem('clicks', `${Number(sessionStorage.getItem('clicks')) + 1}`),
      true,
    );
  });
  await open(page, gateway, '/');
  const card = page.getByRole('main');
  await expect(card.getByText('0 of 1 ready')).toBeVisible();
  await expect(card.getByText(/breaker open/)).toBeVisible();
  await expect(card.getByText(/^503 .* (ago|now)/)).toBeVisible();
  await expect(card.getByText(/no good answer of late/)).toBeVisible();
  await accessible(page);
  // It answers again.
  await gateway.api('PATCH', `/api/associations/${made.association.id}`, { provider_model: 'text' });
  await card.getByRole('button', { name: 'Ask again: Main for gpt' }).click();
  await expect(card.getByText('1 of 1 ready')).toBeVisible();
  expect(await state()).toBe('ready');
  expect(Number(await page.evaluate(() => sessionStorage.getItem('clicks')))).toBeLessThanOrEqual(2);
});

test('what is switched off is told apart from what is ready, wherever its state is shown', async ({ page }) => {
  const { provider, model, association } = made;
  await gateway.api('PATCH', `/api/associations/${association.id}`, { provider_model: 'text' });
  await ask();
  const shown = async (path: string, ...texts: (string | RegExp)[]) => {
    await open(page, gateway, path);
    // What can be chosen of a closed list is not to be seen.
    const seen = (text: string | RegExp) => page.getByRole('main').getByText(text).filter({ visible: true });
    for (const text of texts) await expect(seen(text).first()).toBeVisible();
    for (const ready of [/of 1 ready/, /^ready$/]) await expect(seen(ready)).toHaveCount(0);
  };
  const nobody = 'No model that could be used here is served by anybody yet.';

  await gateway.api('PATCH', `/api/providers/${provider.id}`, { enabled: false });
  await shown('/', 'Main', 'off');
  await shown('/models', 'served by nobody');
  await shown(`/models/${model.id}`, 'provider is off', /^0%$/, /its clients get an error/);
  await shown('/providers', 'off');
  await shown(`/providers/${provider.id}`, 'off', 'provider is off');
  await shown('/start', nobody);
  await shown('/playground', nobody);
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('option', { name: 'Main' })).toContainText('off');
  await expect(page.getByRole('option', { name: 'gpt' })).not.toContainText('off');
  await accessible(page);
  await page.goto(`${gateway.console}/models/${model.id}?add=true`);
  await expect(page.getByLabel('Provider', { exact: true })).toContainText('Main (off)');

  for (const [list, state] of [
    ['models', 'served by nobody'],
    ['providers', 'off'],
  ] as const) {
    await open(page, gateway, `/${list}`);
    await page.getByLabel('State', { exact: true }).selectOption('ready');
    await expect(page.getByText(/^No (model|provider) is like that/)).toBeVisible();
    await page.getByLabel('State', { exact: true }).selectOption(state);
    await expect(page.getByRole('row')).toHaveCount(2);
  }

  await gateway.api('PATCH', `/api/providers/${provider.id}`, { enabled: true });
  await gateway.api('PATCH', `/api/models/${model.id}`, { enabled: false });
  await shown('/models', 'off');
  await shown(`/models/${model.id}`, 'model is off');
  await shown(`/providers/${provider.id}`, 'unused', 'model is off');

  await gateway.api('PATCH', `/api/models/${model.id}`, { enabled: true });
  await gateway.api('PATCH', `/api/associations/${association.id}`, { enabled: false });
  await shown('/', 'unused');
  await shown('/models', 'served by nobody');
  await shown(`/models/${model.id}`, 'off', /^0%$/);
});

test('a deletion says what goes along, and who names it still', async ({ page }) => {
  await open(page, gateway, `/models/${made.model.id}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete gpt?' });
  const concerned = dialog.getByRole('list', { name: 'Who is concerned' });
  await expect(concerned.getByRole('listitem')).toHaveText([/is deleted, too.*Main/, /goes on naming it.*team-a/]);
  await accessible(page);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expect((await gateway.api<{ data: unknown[] }>('GET', '/api/models')).data).toHaveLength(1);
});

test('a clean-up says how much would go, and is remembered', async ({ page }) => {
  for (let sent = 0; sent < 3; sent++) await ask();
  const entries = async () => (await gateway.api<{ data: unknown[] }>('GET', '/api/logs?attempts=all')).data.length;
  await until(async () => (await entries()) === 3);
  await open(page, gateway, '/settings');
  await page.getByLabel('What to delete').selectOption('keep_newest');
  await page.getByLabel('Number', { exact: true }).fill('1');
  await page.getByRole('button', { name: 'Delete…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete requests from the log?' });
  await expect(dialog.getByText('2 rows would go.')).toBeVisible();
  await accessible(page);
  expect(await entries()).toBe(3);
  await dialog.getByLabel(/Type .* to confirm/).fill('delete');
  await dialog.getByRole('button', { name: 'Delete requests' }).click();
  await expect(page.getByRole('table', { name: 'Past clean-ups' })).toContainText('by hand');
  expect(await entries()).toBe(1);
});

test('a simulation says who would be asked, how often, and what a client would be told', async ({ page }) => {
  const { provider, model } = made;
  const spare = { model_id: model.id, provider_id: provider.id, provider_model: 'text', weight: 3, image: false };
  await gateway.api('POST', '/api/associations', spare);
  await open(page, gateway, `/models/${model.id}`);
  await page.getByRole('button', { name: 'Simulate' }).click();
  const dialog = page.getByRole('dialog', { name: 'Simulate requests for gpt' });
  await dialog.getByRole('button', { name: 'Simulate' }).click();
  await expect(dialog.getByRole('region', { name: 'Of 1,000 requests' }).getByRole('listitem')).toHaveCount(2);
  await accessible(page);
  await dialog.getByLabel('Images').check();
  await dialog.getByRole('button', { name: 'Simulate' }).click();
  await expect(dialog.getByText('takes no images')).toBeVisible();
  await gateway.api('PATCH', `/api/models/${model.id}`, { enabled: false });
  await dialog.getByRole('button', { name: 'Simulate' }).click();
  await expect(dialog.getByText(/^404: /)).toBeVisible();
  // Nobody was asked.
  expect((await gateway.api<{ data: unknown[] }>('GET', '/api/logs?attempts=all')).data).toEqual([]);
});
