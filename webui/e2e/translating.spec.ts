/** What providers of several dialects are set to by the forms: it is stored, shown again, and the gateway does so. */
import type { Locator, Page } from '@playwright/test';
import { type Gateway, startGateway, UPSTREAM_KEY } from './gateway';
import { accessible, expect, open, test, until } from './test';

interface Entry {
  trace_id: string;
  id: string;
  provider: string;
  provider_type: string;
  operation: string;
}

let gateway: Gateway;
let key = '';
let model = '';
const provider: Record<string, string> = {};
test.beforeEach(async () => {
  gateway = await startGateway();
  const { api, upstream } = gateway;
  for (const [name, type] of [
    ['Chat', 'openai'],
    ['Claude', 'anthropic'],
  ] as const) {
    const fields = { name, type, base_url: `${upstream}/v1`, api_key: UPSTREAM_KEY };
    provider[name] = (await api<{ id: string }>('POST', '/api/providers', fields)).id;
  }
  model = (await api<{ id: string }>('POST', '/api/models', { name: 'm', strategy: 'rotor' })).id;
  key = (await api<{ key: string }>('POST', '/api/keys', { name: 'reader', log_io: true })).key;
});
test.afterEach(() => gateway.stop());

const serve = (by: string, fields: object = {}) =>
  gateway.api('POST', '/api/associations', {
    model_id: model,
    provider_id: provider[by],
    provider_model: 'text',
    ...fields,
  });

/** Asks the model, and answers the status and what the log has of it. */
async function asked(path: string, fields: object): Promise<{ status: number; text: string; entry: Entry }> {
  const response = await gateway.ask(path, { model: 'm', ...fields }, key);
  const text = await response.text();
  const trace = response.headers.get('x-llmio-trace-id');
  let entry: Entry | undefined;
  await until(async () => {
    [entry] = (await gateway.api<{ data: Entry[] }>('GET', `/api/logs?trace=${trace}`)).data;
    return entry !== undefined;
  });
  return { status: response.status, text, entry: entry as Entry };
}
const messages = [{ role: 'user', content: 'Hello?' }];
const chat = (fields: object = {}) => asked('/v1/chat/completions', { messages, ...fields });
const claude = (fields: object = {}) => asked('/v1/messages', { messages, max_tokens: 99, ...fields });

/** Changes something in a form, saves it, and finds it again after a reload. */
async function change(
  page: Page,
  openForm: () => Promise<void>,
  set: (form: Locator) => Promise<void>,
  shown: (form: Locator) => Promise<void>,
) {
  const form = page.getByRole('dialog');
  await openForm();
  await set(form);
  await accessible(page);
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form).toBeHidden();
  await page.reload();
  await openForm();
  await shown(form);
  await page.keyboard.press('Escape');
  await expect(form).toBeHidden();
}

const check = (page: Page, openForm: () => Promise<void>, label: string, on: boolean) =>
  change(
    page,
    openForm,
    (form) => form.getByLabel(label).setChecked(on),
    (form) => expect(form.getByLabel(label)).toBeChecked({ checked: on }),
  );

const row = (page: Page, name: string | RegExp) => async () => {
  await page.getByRole('button', { name }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
};

test('a further address of a provider relays the clients of its dialect', async ({ page }) => {
  await serve('Chat');
  expect((await claude()).entry).toMatchObject({ provider: 'Chat', provider_type: 'openai' });
  await open(page, gateway, '/providers');
  const address = (form: Locator) => form.getByLabel('Further address 1, base URL');
  await change(
    page,
    row(page, 'Actions for Chat'),
    async (form) => {
      await form.getByText('More: proxy').click();
      await form.getByRole('button', { name: 'Add an address' }).click();
      await form.getByLabel('Further address 1, type').selectOption('Anthropic');
      await address(form).fill(`${gateway.upstream}/v1/messages`);
    },
    async (form) => {
      await form.getByText('More: proxy').click();
      await expect(form.getByLabel('Further address 1, type')).toHaveValue('anthropic');
      await expect(address(form)).toHaveValue(`${gateway.upstream}/v1`);
    },
  );
  expect((await claude()).entry).toMatchObject({ provider: 'Chat', provider_type: 'anthropic' });
});

test('an association that may only relay is not asked through translation', async ({ page }) => {
  await serve('Chat');
  expect((await claude()).status).toBe(200);
  await open(page, gateway, `/models/${model}`);
  await check(page, row(page, 'Actions for Chat › text'), 'Relay only', true);
  expect((await claude()).status).toBeGreaterThanOrEqual(400);
  expect((await chat()).status).toBe(200);
});

test('what is longer than a context window goes to others first', async ({ page }) => {
  await serve('Chat', { weight: 90 });
  await serve('Claude', { weight: 10 });
  await gateway.api('PATCH', `/api/models/${model}`, { prefer_same_dialect: false });
  const long = { messages: [{ role: 'user', content: 'word '.repeat(4000) }] };
  expect((await chat(long)).entry.provider).toBe('Chat');
  await open(page, gateway, `/models/${model}`);
  const field = (form: Locator) => form.getByLabel('Context window, in tokens');
  await change(
    page,
    row(page, 'Actions for Chat › text'),
    (form) => field(form).fill('1000'),
    (form) => expect(field(form)).toHaveValue('1000'),
  );
  expect((await chat(long)).entry.provider).toBe('Claude');
  expect((await chat()).entry.provider).toBe('Chat');
});

test("a model prefers the client's dialect, or not", async ({ page }) => {
  await serve('Chat', { weight: 10 });
  await serve('Claude', { weight: 90 });
  expect((await chat()).entry.provider).toBe('Chat');
  await open(page, gateway, `/models/${model}`);
  const edit = () => page.getByRole('button', { name: 'Edit', exact: true }).click();
  await check(page, edit, "Prefer the client's dialect", false);
  expect((await chat()).entry.provider).toBe('Claude');
});

test('strict mode refuses what a translation would lose; what it has lost stands on the request', async ({ page }) => {
  await serve('Chat');
  const lossy = { top_k: 5 };
  const { status, entry } = await claude(lossy);
  expect(status).toBe(200);
  await open(page, gateway, `/logs/${entry.id}`);
  await page.getByRole('tab', { name: /^Translation \(\d+\)$/ }).click();
  await expect(page.getByRole('tabpanel').getByRole('listitem').filter({ hasText: 'top_k' })).toContainText('left out');
  await accessible(page);
  await open(page, gateway, `/models/${model}`);
  const edit = () => page.getByRole('button', { name: 'Edit', exact: true }).click();
  await check(page, edit, 'Strict mode', true);
  const refused = await claude(lossy);
  expect(refused.status).toBe(400);
  expect(refused.text).toContain('top_k');
  await check(page, edit, 'Strict mode', false);
  expect((await claude(lossy)).status).toBe(200);
  // A key of its own may insist on it.
  await open(page, gateway, '/keys');
  await check(page, row(page, 'Actions for reader'), 'Strict mode', true);
  expect((await claude(lossy)).status).toBe(400);
});

test('tokens are counted by the provider that the settings name', async ({ page }) => {
  await serve('Chat');
  const count = () => asked('/v1/messages/count_tokens', { messages });
  const before = await count();
  await open(page, gateway, '/settings');
  await page.getByLabel('Counting provider').selectOption('Claude');
  const save = page.getByRole('button', { name: 'Save', exact: true });
  await save.click();
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  // It is shown before the providers are there, and stays when they come.
  let come = () => {};
  const late = new Promise<void>((resolve) => {
    come = resolve;
  });
  await page.route('**/api/providers', async (route) => {
    await late;
    await route.continue();
  });
  await page.reload();
  await expect(page.getByLabel('Counting provider')).toHaveValue('Claude');
  come();
  await expect(page.getByRole('button', { name: 'Test counting' })).toBeVisible();
  await expect(page.getByLabel('Counting provider')).toHaveValue('Claude');
  const after = await count();
  expect(after.status).toBe(200);
  expect(after.entry).toMatchObject({ operation: 'count_tokens', provider: 'Claude' });
  expect(before.entry.provider).not.toBe('Claude');
});
