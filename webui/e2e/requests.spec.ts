import { expect, open, test, until } from './test';

interface Page {
  data: { id: string; model: string; outcome: string; origin: string; has_bodies: boolean }[];
}

test('a number of the dashboard opens its requests', async ({ page, seeded }) => {
  // The numbers are of clients alone: a question of the console itself is none of them.
  const question = { model: 'claude-5', max_tokens: 9, messages: [{ role: 'user', content: 'Hello?' }] };
  expect((await seeded.ask('/v1/messages', question)).status).toBe(200);
  const claude = async () => (await seeded.api<Page>('GET', '/api/logs?model=claude-5&limit=200')).data;
  await until(async () => (await claude()).some(({ origin }) => origin !== 'client'));
  await open(page, seeded, '/');
  const sums = await seeded.api<{ today: { requests: number } }>('GET', '/api/metrics/summary?tz_offset_minutes=480');
  await expect(page.getByRole('link', { name: new RegExp(`^Requests ${sums.today.requests}`) })).toBeVisible();
  await page.getByRole('table', { name: 'In numbers' }).getByRole('link', { name: 'claude-5' }).click();
  await expect(page.getByRole('heading', { name: 'Requests' })).toBeVisible();
  expect(page.url()).toContain('model=claude-5');
  const clients = (await claude()).filter(({ origin }) => origin === 'client');
  await expect(page.locator('tr[data-row]')).toHaveCount(clients.length);
});

test('clearing the filters keeps the time', async ({ page, seeded }) => {
  await open(page, seeded, '/logs?range=7d&model=o5');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page.getByRole('button', { name: /^Remove the filter/ })).toHaveCount(0);
  expect(new URL(page.url()).search).toBe('?range=7d');
});

test('a value of a row narrows the list to it; a link of it is for a tab of its own, too', async ({
  page,
  seeded,
  context,
}) => {
  await open(page, seeded, '/logs?range=7d');
  const value = page.locator('tr[data-row]').getByRole('link', { name: 'o5', exact: true }).first();
  await expect(value).toHaveAttribute('href', '/logs?range=7d&model=o5');
  const [other] = await Promise.all([context.waitForEvent('page'), value.click({ modifiers: ['ControlOrMeta'] })]);
  // Or to signing in, and from there to it: a tab of its own has no session.
  await expect.poll(() => decodeURIComponent(other.url())).toContain('model=o5');
  await other.close();
  expect(new URL(page.url()).search).toBe('?range=7d');
  await page.evaluate(() => Object.assign(window, { stayed: true }));
  await value.click();
  await expect(page.getByRole('button', { name: 'Remove the filter Model: o5' })).toBeVisible();
  // The key's id begins as a number does, and is none.
  await page.locator('tr[data-row]').getByRole('link', { name: 'ci-bot' }).first().click();
  await expect(page.getByRole('button', { name: 'Remove the filter Key: ci-bot' })).toBeVisible();
  await page.locator('tr[data-row]').first().getByRole('link').first().click();
  await expect(page).toHaveURL(/\/logs\/[0-9a-f-]+$/);
  await page.goBack();
  await expect(page.locator('tr[data-row]').first()).toBeVisible();
  expect(new URL(page.url()).search).toContain('key=');
  expect(await page.evaluate(() => 'stayed' in window)).toBe(true);
});

test('attempts show the failures behind a success', async ({ page, seeded }) => {
  await open(page, seeded, '/logs?model=flaky');
  await expect(page.locator('tr[data-row]')).toHaveCount(4);
  await page.getByLabel('Rows are').selectOption('all');
  await expect(page.locator('tr[data-row]').first()).toBeVisible();
  await expect(page.getByRole('cell', { name: 'provider error' }).first()).toBeVisible();
});

test('a search that had no time for all says how far it came, and goes on when asked', async ({ page, seeded }) => {
  const asked: (string | null)[] = [];
  const { data } = await seeded.api<Page>('GET', '/api/logs?limit=2');
  await page.route('**/api/logs?*', (route) => {
    const cursor = new URL(route.request().url()).searchParams.get('cursor');
    asked.push(cursor);
    return route.fulfill({
      json: cursor
        ? { data, next_cursor: null, scanned_to: null }
        : { data: [], next_cursor: 'further', scanned_to: '2026-01-02T03:04:05Z' },
    });
  });
  await open(page, seeded, '/logs?error=rare');
  await expect(page.getByText('Searched back to')).toBeVisible();
  await expect(page.getByText('No request in this time is like that.')).toHaveCount(0);
  expect(asked).toEqual([null]);
  await page.getByRole('button', { name: 'Search further back' }).click();
  await expect(page.locator('tr[data-row]')).toHaveCount(2);
  await expect(page.getByText('These are all.')).toBeVisible();
  expect(asked).toEqual([null, 'further']);
});

test('a next page that fails is told of, and asked for again by hand alone', async ({ page, seeded }) => {
  const { data } = await seeded.api<Page>('GET', '/api/logs?limit=2');
  let failed = 0;
  await page.route('**/api/logs?*', (route) => {
    if (!new URL(route.request().url()).searchParams.has('cursor'))
      return route.fulfill({ json: { data, next_cursor: 'next', scanned_to: null } });
    failed++;
    return route.fulfill({ status: 400, json: { error: { code: 'bad', message: 'this cursor is no more' } } });
  });
  await open(page, seeded, '/logs');
  await expect(page.getByRole('alert')).toContainText('this cursor is no more');
  await page.mouse.wheel(0, 500);
  await page.mouse.wheel(0, -500);
  await page.waitForLoadState('networkidle');
  expect(failed).toBe(1);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect.poll(() => failed).toBe(2);
  await expect(page.locator('tr[data-row]')).toHaveCount(2);
});

test('j and k go through the rows, o opens the page, Escape closes', async ({ page, seeded }) => {
  await open(page, seeded, '/logs');
  await page.keyboard.press('j');
  await expect(page.getByRole('complementary')).toBeVisible();
  const first = page.url();
  await page.keyboard.press('j');
  await expect(page).not.toHaveURL(first);
  await page.keyboard.press('k');
  await expect(page).toHaveURL(first);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('complementary')).toBeHidden();
  await page.keyboard.press('j');
  await page.keyboard.press('o');
  await expect(page.getByRole('heading', { level: 1, name: 'Request' })).toBeVisible();
});

test('the panel beside the list needs no bodies', async ({ page, seeded }) => {
  const asked: URL[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (/^\/api\/logs\/[0-9a-f-]{30,}/.test(url.pathname)) asked.push(url);
  });
  await open(page, seeded, '/logs');
  await page.keyboard.press('j');
  await expect(page.getByRole('complementary').getByRole('region', { name: 'Timeline' })).toBeVisible();
  expect(asked.map((url) => url.searchParams.get('bodies'))).toEqual(['false']);
});

test('g and k leave the list, and open nothing of it', async ({ page, seeded }) => {
  await open(page, seeded, '/logs');
  await page.keyboard.press('j');
  await expect(page).toHaveURL(/open=/);
  await page.keyboard.press('j');
  const before = page.url();
  await page.keyboard.press('g');
  await page.keyboard.press('k');
  await expect(page.getByRole('heading', { level: 1, name: 'Keys' })).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(before);
});

test('how providers are is asked again by itself and by Refresh', async ({ page, seeded }) => {
  await open(page, seeded, '/');
  const models = (url: URL) => url.pathname === '/api/models';
  const again = () => page.waitForRequest((request) => models(new URL(request.url())), { timeout: 5000 });
  await Promise.all([again(), page.getByRole('button', { name: 'Refresh' }).click()]);
  await page.waitForRequest((request) => models(new URL(request.url())), { timeout: 15_000 });
});

for (const [model, said] of [
  ['gpt-5', 'Hello from the scripted provider.'],
  ['o5', 'Let me think about it.'],
  ['claude-5', 'Let me think about it.'],
  ['gemini-3', 'Hello from the scripted provider.'],
  ['tools', 'find'],
] as const) {
  test(`the conversation of ${model}`, async ({ page, seeded }) => {
    const { data } = await seeded.api<Page>('GET', `/api/logs?model=${model}&origin=client&limit=2`);
    for (const { id } of data) {
      await open(page, seeded, `/logs/${id}`);
      await expect(page.getByRole('tabpanel')).toContainText('Answer');
      await expect(page.getByRole('tabpanel')).toContainText(said);
      await page.getByRole('tab', { name: 'Response' }).click();
      await expect(page.getByRole('tabpanel')).toContainText(/Copy/);
      await page.getByRole('tab', { name: 'Details' }).click();
      await expect(page.getByRole('tabpanel')).toContainText('node');
    }
  });
}

test('hostile text is text', async ({ page, seeded }) => {
  await open(page, seeded, '/providers');
  await expect(page.getByText('<img src=x onerror=alert(1)>"quoted"').first()).toBeVisible();
  expect(await page.locator('img').count()).toBe(0);
  const { data } = await seeded.api<Page>('GET', '/api/logs?model=gpt-5&limit=20');
  for (const { id } of data.slice(0, 3)) await open(page, seeded, `/logs/${id}`);
});

test('a list asks once for each thing that it shows, and never once for each row', async ({ page, seeded }) => {
  for (const [path, expected] of [
    ['/providers', ['models', 'providers', 'usage']],
    ['/models', ['models', 'usage']],
    ['/keys', ['keys', 'usage']],
    ['/logs', ['logs', 'logs/histogram']],
    ['/', ['metrics', 'metrics', 'metrics', 'models']],
  ] as const) {
    const asked: string[] = [];
    const count = (request: { url: () => string }) => {
      const { pathname } = new URL(request.url());
      if (pathname.startsWith('/api/')) asked.push(pathname.slice('/api/'.length));
    };
    page.on('request', count);
    await open(page, seeded, path);
    // Whatever is asked late is asked by then.
    await page.waitForLoadState('networkidle');
    page.off('request', count);
    expect.soft(asked.sort(), path).toEqual(expected);
  }
});

test('the palette finds pages, models and actions', async ({ page, seeded }) => {
  await open(page, seeded, '/');
  await page.keyboard.press('Control+k');
  await expect(page.getByPlaceholder('A page, a name')).toBeFocused();
  await page.keyboard.type('gemini-3');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'gemini-3' })).toBeVisible();
  await page.keyboard.press('g');
  await page.keyboard.press('k');
  await expect(page.getByRole('heading', { level: 1, name: 'Keys' })).toBeVisible();
});

test('what is typed while the palette is on its way leads nowhere', async ({ page, seeded }) => {
  let typed = () => {};
  const hasTyped = new Promise<void>((resolve) => {
    typed = resolve;
  });
  await page.route(/\/assets\/palette-[^/]*\.js$/, async (route) => {
    await hasTyped;
    await route.continue();
  });
  await open(page, seeded, '/logs');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('gkj');
  typed();
  await expect(page.getByPlaceholder('A page, a name')).toBeFocused();
  expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/logs');
});

test('what is not there is told of, and leads to what is', async ({ page, seeded }) => {
  for (const [path, all] of [
    ['/models/none', 'All models'],
    ['/providers/none', 'All providers'],
  ] as const) {
    await open(page, seeded, path);
    await expect(page.getByText('There is none with this id')).toBeVisible();
    await expect(page.getByRole('main').getByRole('link', { name: all })).toBeVisible();
  }
});

test('names and sessions of digits stay texts', async ({ page, seeded }) => {
  const { id } = await seeded.api<{ id: string }>('POST', '/api/keys', { name: '2024' });
  try {
    await open(page, seeded, '/');
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('A page, a name').fill('2024');
    await page.getByRole('option', { name: '2024', exact: true }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Keys' })).toBeVisible();
    await expect(page.locator('tr[data-row]')).toHaveCount(1);
    await page.goto(`${seeded.console}/keys?q=2024`);
    await expect(page.locator('tr[data-row]')).toHaveCount(1);
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('A page, a name').fill('123456789012345678901234');
    await page.getByRole('option', { name: /^Requests of session/ }).click();
    await expect(
      page.getByRole('button', { name: /^Remove the filter Session: 123456789012345678901234$/ }),
    ).toBeVisible();
  } finally {
    await seeded.api('DELETE', `/api/keys/${id}`);
  }
});
