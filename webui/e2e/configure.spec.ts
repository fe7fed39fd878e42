/** From an empty gateway to the first answered request, and what may go wrong on the way. */
import type { Page } from '@playwright/test';
import { type Gateway, startGateway, UPSTREAM_KEY } from './gateway';
import { accessible, expect, open, test } from './test';

async function saved(page: Page) {
  await expect(page.getByRole('dialog')).toBeHidden();
}

test.describe.configure({ mode: 'serial' });

let gateway: Gateway;
let secret = '';
test.beforeAll(async () => {
  gateway = await startGateway();
});
test.afterAll(() => gateway.stop());

test('a provider, from a template', async ({ page }) => {
  await open(page, gateway, '/');
  await page.getByRole('link', { name: 'Add a provider' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a provider' });
  await dialog.getByRole('button', { name: 'DeepSeek' }).click();
  await expect(dialog.getByLabel('Name')).toHaveValue('DeepSeek');
  // The address of an endpoint is corrected.
  await dialog.getByLabel('Base URL').fill(`${gateway.upstream}/v1/chat/completions`);
  await dialog.getByLabel('API key').fill(UPSTREAM_KEY);
  await accessible(page);
  await dialog.getByRole('button', { name: 'Check and go on' }).click();
  await dialog.getByRole('button', { name: 'Go on without models' }).click();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByRole('button', { name: 'Finish' }).click();
  await saved(page);
  await expect(page.getByRole('link', { name: 'DeepSeek', exact: true })).toBeVisible();
  const [provider] = (await gateway.api<{ data: { base_url: string; console_url: string }[] }>('GET', '/api/providers'))
    .data;
  expect(provider?.base_url).toBe(`${gateway.upstream}/v1`);
  expect(provider?.console_url).toBe('https://platform.deepseek.com');
});

test('a name that is taken is refused at its field', async ({ page }) => {
  await open(page, gateway, '/providers?add=true');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('DeepSeek');
  await dialog.getByRole('button', { name: 'Check and go on' }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await expect(dialog.getByLabel('Name')).toBeFocused();
  await expect(dialog.getByLabel('Name')).toHaveAttribute('aria-invalid', 'true');
  // Leaving a form with something in it asks first.
  page.once('dialog', (question) => question.dismiss());
  await page.keyboard.press('Escape');
  await expect(dialog).toBeVisible();
  page.once('dialog', (question) => question.accept());
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
});

test('an untouched form keeps the secret, a cleared field is cleared', async ({ page }) => {
  await open(page, gateway, '/providers');
  const edit = async () => {
    await page.getByRole('button', { name: 'Actions for DeepSeek' }).click();
    await page.getByRole('menuitem', { name: 'Edit' }).click();
  };
  await edit();
  const dialog = page.getByRole('dialog', { name: 'Edit DeepSeek' });
  await dialog.getByText('More: proxy').click();
  await dialog.getByLabel('Note').fill('a note');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await saved(page);
  await edit();
  await dialog.getByText('More: proxy').click();
  await expect(dialog.getByLabel('Note')).toHaveValue('a note');
  await dialog.getByLabel('Note').fill('');
  await dialog.getByLabel('Console').fill('');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await saved(page);
  const [provider] = (
    await gateway.api<{ data: { id: string; note: string; console_url: string | null }[] }>('GET', '/api/providers')
  ).data;
  expect(provider).toMatchObject({ note: '', console_url: null });
  // The stored key still works: the provider gives its list.
  expect(
    (await gateway.api<{ data: unknown[] }>('GET', `/api/providers/${provider?.id}/models`)).data.length,
  ).toBeGreaterThan(0);
});

test('an address that is no web address is no link', async ({ page }) => {
  await open(page, gateway, '/providers');
  await page.getByRole('button', { name: 'Actions for DeepSeek' }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('More: proxy').click();
  await dialog.getByLabel('Console').fill('javascript:alert(1)');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
});

test('a model and its association, with a price of 0.0375', async ({ page }) => {
  await open(page, gateway, '/models?add=true');
  const model = page.getByRole('dialog', { name: 'Add a model' });
  await model.getByLabel('Name').fill('deepseek-chat');
  await accessible(page);
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'deepseek-chat' })).toBeVisible();
  await page.getByRole('button', { name: 'Add an association' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add an association to deepseek-chat' });
  await dialog.getByLabel('Provider', { exact: true }).selectOption('DeepSeek');
  // A known price is proposed, and can be another.
  await dialog.getByLabel("Provider's model").fill('deepseek-chat');
  await dialog
    .getByRole('button', { name: /: .* in, .* out/ })
    .first()
    .click();
  await expect(dialog.getByLabel('Costs are reckoned')).toBeChecked();
  await expect(dialog.getByLabel('Output', { exact: true })).not.toHaveValue('');
  await dialog.getByLabel("Provider's model").fill('text');
  await dialog.getByLabel('Input', { exact: true }).fill('0.0375');
  await dialog.getByLabel('Output', { exact: true }).fill('0.3');
  await dialog.getByLabel('Extra body').fill('{"a": }');
  await accessible(page);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByRole('alert')).toContainText('no JSON object');
  await dialog.getByLabel('Extra body').fill('{"temperature": 0.5}');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await saved(page);
  await expect(page.getByRole('cell', { name: 'DeepSeek › text', exact: true })).toBeVisible();
  const [stored] = (await gateway.api<{ data: { prices: unknown; extra_body: unknown }[] }>('GET', '/api/associations'))
    .data;
  expect(stored?.prices).toMatchObject({ input: 0.0375, output: 0.3 });
  expect(stored?.extra_body).toEqual({ temperature: 0.5 });
});

test('a duplicate needs the secrets of its headers anew', async ({ page }) => {
  const associations = () =>
    gateway.api<{ data: { id: string; model_id: string; headers: Record<string, string> }[] }>(
      'GET',
      '/api/associations',
    );
  const [original] = (await associations()).data;
  await gateway.api('PATCH', `/api/associations/${original?.id}`, {
    headers: { 'x-team-token': 'a-long-secret-of-the-team', 'x-team': 'blue' },
  });
  await open(page, gateway, `/models/${original?.model_id}`);
  await page.getByRole('button', { name: /^Actions for DeepSeek/ }).click();
  await page.getByRole('menuitem', { name: 'Duplicate' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel("Provider's model").fill('copy');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByRole('alert')).toContainText('A secret is not copied with its header');
  await dialog.locator('input[name^="headers."][aria-invalid="true"]').fill('a-new-secret-of-the-team');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await saved(page);
  const copy = (await associations()).data.find(({ id }) => id !== original?.id);
  expect(copy?.headers).toEqual({ 'x-team-token': '****team', 'x-team': 'blue' });
  await gateway.api('DELETE', `/api/associations/${copy?.id}`);
  await gateway.api('PATCH', `/api/associations/${original?.id}`, { headers: {} });
});

test('a test of it passes', async ({ page }) => {
  const [model] = (await gateway.api<{ data: { id: string }[] }>('GET', '/api/models')).data;
  await open(page, gateway, `/models/${model?.id}`);
  await page.getByRole('button', { name: /^Actions for DeepSeek/ }).click();
  await page.getByRole('menuitem', { name: 'Test' }).click();
  const dialog = page.getByRole('dialog', { name: /^Test DeepSeek/ });
  await dialog.getByRole('button', { name: 'Test: A streamed answer' }).click();
  await expect(dialog.getByText(/passed/)).toBeVisible();
  await dialog.getByText('What was sent and received').click();
  await expect(dialog.getByRole('group', { name: 'sent' })).toContainText('"stream"');
  await accessible(page);
  // What the scripted provider cannot do can be noted, and put back.
  await dialog.getByRole('button', { name: 'Test: An answer by a schema' }).click();
  await dialog.getByRole('button', { name: 'Note that it cannot' }).click();
  await expect(dialog.getByRole('button', { name: 'Note that it cannot' })).toBeHidden();
  const able = async () =>
    (await gateway.api<{ data: { structured_output: boolean }[] }>('GET', '/api/associations')).data[0]
      ?.structured_output;
  expect(await able()).toBe(false);
  // The agent's steps come one by one.
  await dialog.getByRole('button', { name: 'Test: A small agent' }).click();
  await expect(dialog.getByRole('list', { name: 'What happened' })).toContainText('question');
  await accessible(page);
});

test('a weight is typed where it stands, and put back', async ({ page }) => {
  const [model] = (await gateway.api<{ data: { id: string }[] }>('GET', '/api/models')).data;
  const weight = async () =>
    (await gateway.api<{ data: { weight: number }[] }>('GET', '/api/associations')).data[0]?.weight;
  await open(page, gateway, `/models/${model?.id}`);
  const field = page.getByLabel('Weight of DeepSeek › text');
  await field.fill('25');
  await field.press('Enter');
  await expect.poll(weight).toBe(25);
  await page.getByRole('button', { name: 'Put back' }).first().click();
  await expect.poll(weight).toBe(10);
});

test('a key is shown once, and then nowhere', async ({ page }) => {
  await open(page, gateway, '/keys?add=true');
  const dialog = page.getByRole('dialog', { name: 'Create a key' });
  await dialog.getByLabel('Name').fill('laptop');
  await dialog.getByLabel('Record bodies').check();
  await accessible(page);
  await dialog.getByRole('button', { name: 'Create the key' }).click();
  const once = page.getByRole('dialog', { name: 'The key laptop' });
  await expect(once).toBeVisible();
  secret = await once.getByLabel('Key', { exact: true }).inputValue();
  expect(secret).toMatch(/^sk-/);
  await accessible(page);
  // Nothing shows it again, so that closing by accident asks first.
  page.once('dialog', (question) => question.dismiss());
  await page.keyboard.press('Escape');
  await expect(once).toBeVisible();
  await once.getByRole('button', { name: 'I have stored it' }).click();
  await expect(once).toBeHidden();
  const response = await gateway.ask(
    '/v1/chat/completions',
    { model: 'deepseek-chat', messages: [{ role: 'user', content: 'hi' }] },
    secret,
  );
  expect(response.status).toBe(200);
  for (const path of ['/keys', '/providers', '/models', '/logs', '/settings', '/']) {
    await page.goto(gateway.console + path);
    await expect(page.locator('h1').first()).toBeVisible();
    const everything = await page.evaluate(
      () =>
        document.documentElement.outerHTML +
        JSON.stringify(localStorage) +
        JSON.stringify(sessionStorage) +
        location.href,
    );
    expect(everything).not.toContain(secret);
    expect(everything).not.toContain(UPSTREAM_KEY);
  }
});

test('the configuration file shows what would change before it is applied', async ({ page }) => {
  await open(page, gateway, '/settings');
  await page.getByRole('button', { name: 'Load what is configured' }).click();
  const file = page.getByLabel('Configuration file');
  await expect(file).not.toHaveValue('');
  await page.getByRole('button', { name: 'Show what would change' }).click();
  await expect(page.getByText('Nothing would change.')).toBeVisible();
  const text = await file.inputValue();
  expect(text).toContain('weight: 10');
  await file.fill(text.replace('weight: 10', 'weight: 11'));
  await page.getByRole('button', { name: 'Show what would change' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: 'changed' })).toContainText('weight');
  await file.fill('models: [');
  await page.getByRole('button', { name: 'Show what would change' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
});

test("a file that was looked at before somebody else's change is not applied over it", async ({ page }) => {
  const [association] = (await gateway.api<{ data: { id: string }[] }>('GET', '/api/associations')).data;
  const stored = async () =>
    (await gateway.api<{ data: { weight: number; note: string }[] }>('GET', '/api/associations')).data[0];
  await open(page, gateway, '/settings');
  await page.getByRole('button', { name: 'Load what is configured' }).click();
  const file = page.getByLabel('Configuration file');
  await expect(file).not.toHaveValue('');
  await file.fill((await file.inputValue()).replace('weight: 10', 'weight: 11'));
  // What was edited is not lost by leaving, nor by loading anew, without a question.
  page.once('dialog', (question) => question.dismiss());
  await page.getByRole('link', { name: 'Keys' }).first().click();
  page.once('dialog', (question) => question.dismiss());
  await page.getByRole('button', { name: 'Load what is configured' }).click();
  await expect(file).toHaveValue(/weight: 11/);
  await page.getByRole('button', { name: 'Show what would change' }).click();
  const apply = page.getByRole('button', { name: 'Apply' });
  await expect(apply).toBeVisible();
  await gateway.api('PATCH', `/api/associations/${association?.id}`, { note: 'theirs' });
  await apply.click();
  await expect(page.getByRole('alert')).toContainText('Nothing was applied');
  expect(await stored()).toMatchObject({ weight: 10, note: 'theirs' });
  await page.getByRole('button', { name: 'Show what would change' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: 'changed' })).toContainText('note');
  await apply.click();
  await expect(file).toBeHidden();
  expect(await stored()).toMatchObject({ weight: 11, note: '' });
  await gateway.api('PATCH', `/api/associations/${association?.id}`, { weight: 10 });
});

test('a token that is refused for the file is asked for again', async ({ page }) => {
  await open(page, gateway, '/settings');
  await page.route('**/api/config', (route) =>
    route.continue({ headers: { ...route.request().headers(), authorization: 'Bearer revoked' } }),
  );
  await page.getByRole('button', { name: 'Load what is configured' }).click();
  await expect(page.getByRole('dialog', { name: 'Sign in again' })).toBeVisible();
});

test('settings that somebody else has changed meanwhile are not overwritten unseen', async ({ page }) => {
  const settings = () => gateway.api<Record<string, unknown>>('GET', '/api/settings');
  const before = await settings();
  await open(page, gateway, '/settings');
  const rest = page.getByLabel('Longest rest, in seconds');
  await rest.fill('77');
  await gateway.api('PUT', '/api/settings', { ...before, keep_alive: 3, max_rest: 55 });
  const save = page.getByRole('button', { name: 'Save' });
  await save.click();
  await expect(page.getByRole('alert')).toContainText('Somebody has changed the configuration');
  expect(await settings()).toMatchObject({ keep_alive: 3, max_rest: 55 });
  // Theirs is shown where nothing was entered; sent once more, what was entered stands.
  await expect(page.getByLabel('Keep streams alive after, in seconds')).toHaveValue('3');
  await expect(rest).toHaveValue('77');
  await save.click();
  await expect.poll(settings).toMatchObject({ keep_alive: 3, max_rest: 77 });
  await expect(save).toBeDisabled();
  // The days are for what this page has read, too.
  await gateway.api('PUT', '/api/settings', { ...before, keep_alive: 4 });
  await page.getByLabel('Delete old requests every day').click();
  await expect.poll(async () => (await settings()).keep_alive).toBe(4);
  await gateway.api('PUT', '/api/settings', before);
});

test('deleting a provider says what goes with it', async ({ page }) => {
  await open(page, gateway, '/providers');
  await page.getByRole('button', { name: 'Actions for DeepSeek' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete DeepSeek?' });
  await expect(dialog.getByRole('list', { name: 'Who is concerned' }).getByRole('listitem')).toHaveText([
    /is deleted, too.*deepseek-chat/,
  ]);
  await expect(dialog.getByText('Nothing would serve deepseek-chat any more.')).toBeVisible();
  await accessible(page);
  await dialog.getByRole('button', { name: 'Delete DeepSeek' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText('Everything begins with one.')).toBeVisible();
});
