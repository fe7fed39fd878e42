/** The page of one request, where there is not all of it, or more than usual. */
import { expect, open, type Seeded, test, until } from './test';

interface Entry {
  id: string;
  trace_id: string;
}

/** Asks, and gives the entry that came of it. */
async function asked(seeded: Seeded, path: string, body: unknown, key: string): Promise<string> {
  const response = await seeded.ask(path, body, key);
  const trace = response.headers.get('x-llmio-trace-id');
  await response.text();
  const entries = async () => (await seeded.api<{ data: Entry[] }>('GET', `/api/logs?trace=${trace}`)).data;
  await until(async () => (await entries()).length > 0);
  return (await entries())[0]?.id ?? '';
}
const question = (content: string) => ({ role: 'user', content });

test('one whose key records no bodies says so', async ({ page, seeded }) => {
  const { key, id } = await seeded.api<{ key: string; id: string }>('POST', '/api/keys', { name: 'discreet' });
  try {
    const body = { model: 'gpt-5', messages: [question('Hello?')] };
    await open(page, seeded, `/logs/${await asked(seeded, '/v1/chat/completions', body, key)}`);
    await expect(page.getByRole('tab', { name: 'Details' })).toHaveAttribute('aria-selected', 'true');
    await page.getByRole('tab', { name: 'Conversation' }).click();
    await expect(page.getByText('its key does not ask for it')).toBeVisible();
    await expect(page.getByRole('tab', { name: 'Send again' })).toHaveCount(0);
  } finally {
    await seeded.api('DELETE', `/api/keys/${id}`);
  }
});

test('a body that was too large is cut, and says so; a line of a megabyte stops nothing', async ({ page, seeded }) => {
  const body = { model: 'gpt-5', messages: [question('<b>'.repeat(400_000))] };
  await open(page, seeded, `/logs/${await asked(seeded, '/v1/chat/completions', body, seeded.key)}`);
  await expect(page.getByText('The request was too long to be recorded whole')).toBeVisible();
  for (const name of ['Request', 'Response', 'Details', 'Conversation']) {
    await page.getByRole('tab', { name }).click();
    await expect(page.getByRole('tab', { name })).toHaveAttribute('aria-selected', 'true');
  }
});

test('what translation changed is told, part by part', async ({ page, seeded }) => {
  const body = { model: 'gpt-5', max_tokens: 50, top_k: 5, messages: [question('Hello?')] };
  await open(page, seeded, `/logs/${await asked(seeded, '/anthropic/v1/messages', body, seeded.key)}`);
  await page.getByRole('tab', { name: /^Translation/ }).click();
  await expect(page.getByRole('tabpanel')).toContainText('top_k');
  await expect(page.getByRole('tabpanel')).toContainText('left out');
});

test('j goes on where the next page begins', async ({ page, seeded }) => {
  const { data } = await seeded.api<{ data: object[] }>('GET', '/api/logs?limit=1');
  await page.route('**/api/logs?*', (route) => {
    const next = new URL(route.request().url()).searchParams.has('cursor');
    const rows = Array.from({ length: 100 }, (_, at) => ({ ...data[0], id: `row-${(next ? 100 : 0) + at}` }));
    return route.fulfill({
      headers: { 'access-control-allow-origin': '*' },
      json: { data: rows, next_cursor: next ? null : 'next', scanned_to: null },
    });
  });
  await open(page, seeded, '/logs');
  for (let row = 0; row < 100; row++) await page.keyboard.press('j');
  await expect(page).toHaveURL(/open=row-99/);
  await expect(page.getByRole('table', { name: 'Requests' })).toHaveAttribute('aria-rowcount', '201');
  for (let row = 0; row < 5; row++) await page.keyboard.press('j');
  await expect(page).toHaveURL(/open=row-104/);
  await page.keyboard.press('k');
  await expect(page).toHaveURL(/open=row-103/);
});
