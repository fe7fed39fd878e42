/** The list of requests: filters, what happens now, files, and very many rows. */
import { readFile } from 'node:fs/promises';
import { accessible, expect, open, type Seeded, test, until } from './test';

const rows = 'tr[data-row]';
interface Listed {
  data: { id: string; model: string; outcome: string; created_at: string }[];
}

/** How many entries there are. */
const listed = async (seeded: Seeded, query: string) =>
  (await seeded.api<Listed>('GET', `/api/logs?limit=200&${query}`)).data.length;

test('filters are the URL, and survive a reload', async ({ page, seeded }) => {
  const o5 = await listed(seeded, 'model=o5');
  const claude = await listed(seeded, 'model=claude-5');
  await open(page, seeded, '/logs');
  await page.getByRole('button', { name: 'Filters', exact: true }).click();
  const panel = page.getByRole('region', { name: 'Filter by' });
  await panel.getByRole('button', { name: `o5 ${o5}`, exact: true }).click();
  await expect(page.locator(rows)).toHaveCount(o5);
  // A second value of the same field adds to it; what is left out is left out.
  await panel.getByRole('button', { name: `claude-5 ${claude}`, exact: true }).click();
  await expect(page.locator(rows)).toHaveCount(o5 + claude);
  await panel.getByLabel('Filter by').selectOption('dialect');
  await panel.getByRole('button', { name: 'Leave out Anthropic' }).click();
  await expect(page.locator(rows)).toHaveCount(o5);
  await accessible(page);
  await page.reload();
  await expect(page.locator(rows)).toHaveCount(o5);
  await page.getByRole('button', { name: 'Remove the filter Dialect: not Anthropic' }).click();
  await expect(page.locator(rows)).toHaveCount(o5 + claude);
  await page.getByRole('button', { name: 'Remove the filter Model: o5' }).click();
  await expect(page.locator(rows)).toHaveCount(claude);
  await page.goBack();
  await expect(page.locator(rows)).toHaveCount(o5 + claude);
});

test('what is looked for most often is at a click', async ({ page, seeded }) => {
  await open(page, seeded, '/logs');
  await page.getByRole('button', { name: 'Errors', exact: true }).click();
  await expect(page.getByRole('cell', { name: 'success' })).toHaveCount(0);
  await expect(page.getByRole('cell', { name: 'rate limited' }).first()).toBeVisible();
  await page.getByRole('button', { name: 'Errors', exact: true }).click();
  await page.getByRole('button', { name: 'Retried' }).click();
  await expect(page.locator(rows)).toHaveCount(4);
  await page.getByRole('button', { name: 'Retried' }).click();
  await page.getByRole('searchbox').fill('FLAKY');
  await expect(page.locator(rows)).toHaveCount(4);
  expect(new URL(page.url()).searchParams.get('q')).toBe('FLAKY');
});

test('the chart above the list counts it, and opens a time of it', async ({ page, seeded }) => {
  const flaky = await listed(seeded, 'model=flaky');
  await open(page, seeded, '/logs?model=flaky');
  const chart = page.getByRole('region', { name: 'Requests over time' });
  await expect(chart).toContainText(`${flaky} requests`);
  await chart.getByRole('button', { name: `${flaky} requests` }).focus();
  // Backwards to the bar that has them.
  for (let bar = 0; bar < 60; bar++) {
    await page.keyboard.press('ArrowLeft');
    if (await chart.getByText(`good ${flaky}`).count()) break;
  }
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/from=.*to=/);
  await expect(page.locator(rows)).toHaveCount(flaky);
});

test('a file has what the list has', async ({ page, seeded }) => {
  await open(page, seeded, '/logs?model=o5');
  await expect(page.locator(rows)).toHaveCount(await listed(seeded, 'model=o5'));
  await page.getByRole('button', { name: 'Export' }).click();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: 'As a table (CSV)' }).click(),
  ]);
  expect(file.suggestedFilename()).toBe('requests.csv');
  const lines = (await readFile(await file.path(), 'utf8')).trim().split(/\r?\n/);
  const { data } = await seeded.api<Listed>('GET', '/api/logs?model=o5');
  expect(lines).toHaveLength(1 + data.length);
  for (const { id } of data) expect(lines.some((line) => line.includes(id))).toBe(true);
});

test('what happens now comes in by itself, and by the filters', async ({ page, seeded }) => {
  const [provider] = (await seeded.api<{ data: { id: string }[] }>('GET', '/api/providers')).data;
  const { id } = await seeded.api<{ id: string }>('POST', '/api/models', { name: 'takes-its-time' });
  try {
    await seeded.api('POST', '/api/associations', {
      model_id: id,
      provider_id: provider?.id,
      provider_model: 'text+chunks=6+delay=1000',
    });
    await open(page, seeded, '/logs?model=takes-its-time');
    await expect(page.getByText('No request in this time is like that.')).toBeVisible();
    await page.getByRole('button', { name: 'Live' }).click();
    const now = page.getByRole('region', { name: 'Now' });
    await expect(now).toContainText('0 on their way');
    const body = { model: 'takes-its-time', stream: true, messages: [{ role: 'user', content: 'Hello?' }] };
    const answered = seeded.ask('/v1/chat/completions', body, seeded.key).then((it) => it.text());
    await expect(now).toContainText('1 on their way');
    await expect(now.getByRole('listitem')).toContainText('streaming');
    // Another model's is no part of the list.
    await seeded.ask('/v1/chat/completions', { ...body, model: 'gpt-5' }, seeded.key).then((it) => it.text());
    await answered;
    await expect(page.locator(rows)).toHaveCount(1);
    await expect(page.locator(rows)).toContainText('takes-its-time');
  } finally {
    await seeded.api('DELETE', `/api/models/${id}`);
  }
});

test('of a hundred thousand rows few are in the document', async ({ page, seeded }) => {
  const [row] = (await seeded.api<Listed>('GET', '/api/logs?model=o5&limit=1')).data;
  // Made in the page: it is too much to be carried there for a test.
  await page.addInitScript((it) => {
    const ask = fetch;
    window.fetch = async (input, init) => {
      if (!/\/api\/logs\?/.test(String(input))) return ask(input, init);
      const data = Array.from({ length: 100_000 }, (_, index) => ({ ...it, id: `${index}`, model: `model ${index}` }));
      const body = JSON.stringify({ data, next_cursor: null, scanned_to: null });
      return new Response(body, { headers: { 'content-type': 'application/json' } });
    };
  }, row);
  await open(page, seeded, '/logs');
  await expect(page.getByRole('table', { name: 'Requests' })).toHaveAttribute('aria-rowcount', '100001');
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  expect(height).toBeGreaterThan(100_000 * 36);
  for (const part of [0, 0.25, 0.5, 0.9, 1]) {
    await page.evaluate((y) => scrollTo(0, y), part * height);
    await until(async () => {
      const shown = await page.locator(rows).evaluateAll((all) =>
        all.some((it) => {
          const { top, bottom } = it.getBoundingClientRect();
          return bottom > 0 && top < innerHeight;
        }),
      );
      return shown;
    });
    expect(await page.locator('tr').count()).toBeLessThan(200);
  }
  await expect(page.getByText('model 99999', { exact: true })).toBeVisible();
});

test('columns are chosen, stay chosen here, and go along in a link', async ({ page, seeded, browser }) => {
  await open(page, seeded, '/logs?model=flaky');
  const header = (name: string) => page.getByRole('columnheader', { name, exact: true });
  await page.getByRole('button', { name: 'Columns' }).click();
  const panel = page.getByRole('region', { name: 'Columns' });
  await panel.getByLabel('Dialect').check();
  await panel.getByLabel('Cost').uncheck();
  await expect(header('Dialect')).toBeVisible();
  await expect(header('Cost')).toHaveCount(0);
  await expect(page.getByRole('cell', { name: 'OpenAI Chat' })).toHaveCount(4);
  // What leads to the request cannot be left out.
  await expect(panel.getByLabel('Time')).toBeDisabled();
  await accessible(page);
  const link = page.url();
  await open(page, seeded, '/logs');
  await expect(header('Dialect')).toBeVisible();
  const other = await (await browser.newContext()).newPage();
  await open(other, seeded, new URL(link).pathname + new URL(link).search);
  await expect(other.getByRole('columnheader', { name: 'Dialect' })).toBeVisible();
  await expect(other.getByRole('columnheader', { name: 'Cost' })).toHaveCount(0);
  await other.context().close();
  // All of them are shown, and none is empty by mistake.
  await page.getByRole('button', { name: 'Columns' }).click();
  for (const box of await panel.getByRole('checkbox').all()) if (await box.isEnabled()) await box.check();
  await expect(page.getByRole('columnheader')).toHaveCount(await panel.getByRole('checkbox').count());
  await page.getByRole('button', { name: 'The usual ones' }).click();
  await expect(header('Cost')).toBeVisible();
  await expect(header('Dialect')).toHaveCount(0);
  expect(new URL(page.url()).search).toBe('');
});

test('a view is saved by a name, opened, and removed', async ({ page, seeded }) => {
  await open(page, seeded, '/logs?range=7d&model=o5&columns=["outcome","dialect"]');
  await page.getByRole('button', { name: 'Views' }).click();
  const panel = page.getByRole('region', { name: 'Views' });
  await panel.getByLabel('Name of the view').fill('o5 of this week');
  await panel.getByRole('button', { name: 'Save this view' }).click();
  await expect(panel.getByRole('link', { name: 'o5 of this week' })).toHaveAttribute('aria-current', 'page');
  await expect(panel.locator('[aria-current]')).toHaveCount(1);
  await accessible(page);
  await panel.getByRole('link', { name: 'Failed attempts' }).click();
  await expect(page.getByLabel('Rows are')).toHaveValue('all');
  await expect(page.getByRole('cell', { name: 'success' })).toHaveCount(0);
  await page.reload();
  await page.getByRole('button', { name: 'Views' }).click();
  await panel.getByRole('link', { name: 'o5 of this week' }).click();
  await expect(page.locator(rows)).toHaveCount(await listed(seeded, 'model=o5'));
  await expect(page.getByRole('columnheader')).toHaveText(['Time', 'Outcome', 'Dialect']);
  expect(new URL(page.url()).searchParams.get('range')).toBe('7d');
  await panel.getByRole('button', { name: 'Remove the view o5 of this week' }).click();
  await page.reload();
  await page.getByRole('button', { name: 'Views' }).click();
  await expect(panel.getByRole('link', { name: 'o5 of this week' })).toHaveCount(0);
});

test('a link to an open request leaves the page where it begins when the request is on the screen', async ({
  page,
  seeded,
}) => {
  const { data } = await seeded.api<Listed>('GET', '/api/logs?limit=100');
  await page.route(/\/api\/logs\?/, async (route) => {
    const list = Array.from({ length: 100 }, (_, index) => ({ ...data[0], id: `row-${index}` }));
    await route.fulfill({ json: { data: list, next_cursor: null, scanned_to: null } });
  });
  const detail = await seeded.api('GET', `/api/logs/${data[0]?.id}?bodies=false`);
  await page.route(/\/api\/logs\/row-/, (route) => route.fulfill({ json: detail }));
  await open(page, seeded, '/logs?open=row-1');
  await expect(page.locator('tr[data-row="row-1"]')).toBeInViewport();
  await expect(page.getByRole('heading', { name: 'Requests', level: 1 })).toBeInViewport();
  // One that is not is scrolled to, and stays there when what stands above the list comes later than the list.
  let counting = Promise.resolve();
  await page.route(/\/api\/logs\/histogram/, async (route) => {
    await counting;
    await route.continue();
  });
  const chart = page.getByRole('region', { name: 'Requests over time' });
  const begins = () =>
    page.locator('tbody:has(> [data-row])').evaluate((it) => it.getBoundingClientRect().top + scrollY);
  const row = page.locator('tr[data-row="row-90"]');
  for (const isLate of [false, true]) {
    let counted = () => {};
    if (isLate) counting = new Promise((resolve) => (counted = resolve));
    await open(page, seeded, '/logs?open=row-90');
    await expect(row).toBeInViewport({ ratio: 0.9 });
    const before = isLate ? await begins() : null;
    counted();
    await expect(chart.getByRole('button', { name: /\d requests/ })).toBeVisible();
    await expect(row).toBeInViewport({ ratio: 0.9 });
    if (before !== null) expect(await begins()).toBe(before);
  }
});
