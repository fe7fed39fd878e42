import { accessible, expect, open, test } from './test';

test('quick start: what a client is told, and a first answer', async ({ page, seeded }) => {
  await open(page, seeded, '/start');
  await page.getByLabel('Client').selectOption('Codex');
  await page.getByLabel('Model').selectOption('o5');
  await expect(page.getByText(`base_url = "${seeded.url}/openai/v1"`)).toBeVisible();
  await page.getByLabel('Client').selectOption('Gemini CLI');
  await expect(page.getByText('Gemini CLI speaks Gemini; for o5 that is translated')).toBeVisible();
  await page.getByLabel('Client').selectOption('Claude Code');
  await expect(page.getByText('Claude Code speaks Anthropic; for o5 that is translated')).toBeVisible();
  // As it says.
  const body = { model: 'o5', max_tokens: 99, messages: [{ role: 'user', content: 'Hello?' }] };
  expect((await seeded.ask('/anthropic/v1/messages', body, seeded.key)).status).toBe(200);
  await page.getByRole('button', { name: 'Say hello' }).click();
  await expect(page.getByText('complete', { exact: true })).toBeVisible();
  await expect(page.getByText('Hello from the scripted provider.')).toBeVisible();
  await accessible(page);
  await page.getByRole('link', { name: 'its request' }).click();
  await expect(page.locator('tr[data-row]')).toHaveCount(1);
});

test('playground: two models answer side by side, in their own dialects, and stop', async ({ page, seeded }) => {
  await open(page, seeded, '/playground?models=["claude-5","gemini-3"]');
  await page.getByLabel('Prompt', { exact: true }).fill('Say hello.');
  await page.keyboard.press('Control+Enter');
  const claude = page.getByRole('region', { name: 'claude-5' });
  const gemini = page.getByRole('region', { name: 'gemini-3' });
  await expect(claude.getByText('complete', { exact: true })).toBeVisible();
  await expect(gemini.getByText('complete', { exact: true })).toBeVisible();
  await expect(claude.getByText('Thoughts')).toBeVisible();
  await expect(gemini.getByText('Hello from the scripted provider.')).toBeVisible();
  await accessible(page);
  await page.getByLabel('As on the wire').check();
  await expect(claude.getByText('message_start').first()).toBeVisible();
  // The draft stays over a reload.
  await page.reload();
  await expect(page.getByLabel('Prompt', { exact: true })).toHaveValue('Say hello.');
});

test('two who edit at once: the second is told, keeps what was entered, and may insist', async ({ page, seeded }) => {
  const { data } = await seeded.api<{ data: { id: string; name: string }[] }>('GET', '/api/models');
  const model = data.find((it) => it.name === 'tools');
  await open(page, seeded, `/models/${model?.id}`);
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Edit tools' });
  await dialog.getByLabel('Note').fill('mine');
  await seeded.api('PATCH', `/api/models/${model?.id}`, { note: 'theirs' });
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByRole('alert')).toContainText('Somebody has changed the configuration');
  await expect(dialog.getByLabel('Note')).toHaveValue('mine');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  expect((await seeded.api<{ note: string }>('GET', `/api/models/${model?.id}`)).note).toBe('mine');
});

test('a retried request shows its attempts and how they were chosen', async ({ page, seeded }) => {
  const { data } = await seeded.api<{ data: { id: string; attempt: number }[] }>('GET', '/api/logs?model=flaky');
  const retried = data.find((it) => it.attempt > 1);
  await open(page, seeded, `/logs/${retried?.id}`);
  const decision = page.getByRole('table', { name: 'Decision' });
  await expect(decision.getByText('asked at attempt 1')).toBeVisible();
  await expect(decision.getByText('asked at attempt 2')).toBeVisible();
  await expect(page.getByLabel('Timeline')).toContainText('503');
  await accessible(page);
});

test('a request is sent again, to a certain association, beside the original', async ({ page, seeded }) => {
  const { data } = await seeded.api<{ data: { id: string; provider: string }[] }>(
    'GET',
    '/api/logs?model=gpt-5&stream=true&outcome=success&has_bodies=true&origin=client',
  );
  const [original] = data;
  // To the one that did not answer.
  const other = original?.provider === 'Azure' ? 'OpenAI' : 'Azure';
  const target = other === 'Azure' ? 'Azure › gpt-5-0826' : 'OpenAI › gpt-5';
  await open(page, seeded, `/logs/${original?.id}?tab=again`);
  const again = page.getByRole('region', { name: /^Sent again/ });
  await again.getByLabel('Who answers').selectOption(target);
  await page.getByRole('button', { name: 'Another one beside it' }).click();
  await page.getByRole('button', { name: 'Send again' }).click();
  await expect(again.first()).toContainText(target);
  await expect(again.first()).toContainText('complete');
  await expect(again.last()).toContainText('success');
  await again.first().getByLabel('What differs from the original').check();
  await expect(again.first().locator('ins, del')).toHaveCount(0);
  await accessible(page);
  const sent = await seeded.api<{ data: { provider: string; replay_of: string; has_bodies: boolean }[] }>(
    'GET',
    '/api/logs?origin=replay',
  );
  expect(sent.data).toHaveLength(2);
  expect(sent.data.every((it) => it.replay_of === original?.id && it.has_bodies)).toBe(true);
  expect(sent.data.map((it) => it.provider)).toContain(other);
});

for (const [provider, dialect] of [
  ['OpenAI', 'OpenAI Chat'],
  ['OpenAI Responses', 'OpenAI Responses'],
  ['Anthropic', 'Anthropic'],
  ['Gemini', 'Gemini'],
  ['OpenAI', 'OpenAI Responses, translated'],
  ['OpenAI', 'Anthropic, translated'],
  ['OpenAI', 'Gemini, translated'],
] as const) {
  test(`playground: a tool is called, and its result told, of ${provider} in ${dialect}`, async ({ page, seeded }) => {
    const { data } = await seeded.api<{ data: { id: string; name: string }[] }>('GET', '/api/providers');
    const { id } = await seeded.api<{ id: string }>('POST', '/api/models', { name: 'weather' });
    await seeded.api('POST', '/api/associations', {
      model_id: id,
      provider_id: data.find(({ name }) => name === provider)?.id,
      provider_model: 'tool:get_weather+thinking',
    });
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST' && !request.url().includes('/api/')) asked.push(request.postData() ?? '');
    });
    try {
      await open(page, seeded, `/playground?models=["weather"]`);
      await page.getByLabel('Prompt', { exact: true }).fill('How is the weather in Paris?');
      await page.getByText('System prompt, tools and settings').click();
      const tools = page.getByLabel('Tools', { exact: true });
      await tools.fill('[{"nameless": true}]');
      await expect(page.getByRole('alert')).toContainText('no JSON list of tools');
      await expect(page.getByRole('button', { name: 'Send', exact: true })).toBeDisabled();
      await tools.fill('');
      await page.getByRole('button', { name: 'Fill in an example' }).click();
      const column = page.getByRole('region', { name: 'weather' });
      await column.getByLabel('Dialect').selectOption({ label: dialect });
      await page.getByRole('button', { name: 'Send', exact: true }).click();
      const results = column.getByRole('form', { name: 'Results of the tools' });
      await results.getByLabel('Result of get_weather').fill('{"sky": "clear"}');
      await accessible(page);
      await results.getByRole('button', { name: 'Send the results' }).click();
      await expect(column.getByText('Hello from the scripted provider.')).toBeVisible();
      await expect(results).toBeHidden();
      // The whole conversation stands above the answer.
      await expect(column.getByText('How is the weather in Paris?')).toBeVisible();
      await expect(column.getByText('clear')).toBeVisible();
      expect(asked).toHaveLength(2);
      expect(asked[1]).toContain('sky');
      await accessible(page);
    } finally {
      await seeded.api('DELETE', `/api/models/${id}`);
    }
  });
}
