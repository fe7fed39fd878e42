/** The dashboard shows what the gateway has summed up, and each number opens the requests behind it. */
import { readFile } from 'node:fs/promises';
import { accessible, expect, open, type Seeded, test, until } from './test';

interface Group {
  group: string;
  requests: number;
  errors: number;
  successes: number;
  outcomes: Record<string, number>;
}

const groupsOf = async (seeded: Seeded, query: string) => {
  const from = new Date(Date.now() - 86_400_000).toISOString();
  return (await seeded.api<{ groups: Group[] }>('GET', `/api/metrics?from=${from}&${query}`)).groups;
};
const total = async (seeded: Seeded, query = '') => (await groupsOf(seeded, query))[0] as Group;
const entries = async (seeded: Seeded, query: string) =>
  (await seeded.api<{ data: unknown[] }>('GET', `/api/logs?limit=200&${query}`)).data.length;

test.beforeEach(async ({ seeded }) => {
  // What ended a moment ago is summed up a moment later.
  await until(async () => (await total(seeded)).requests >= seeded.sent);
});

test('its numbers are those of /api/metrics, and lead to as many requests', async ({ page, seeded }) => {
  await open(page, seeded, '/');
  const sums = await total(seeded);
  const card = (name: string) => page.getByRole('main').getByRole('link', { name: new RegExp(`^${name}`) });
  await expect(card('Requests')).toContainText(String(sums.requests));
  await expect(card('Success')).toContainText(`${sums.errors} failed`);
  for (const [outcome, count] of Object.entries(sums.outcomes).filter(([, count]) => count > 0)) {
    const link = page.locator(`a[href*="outcome=${outcome}"]`);
    await expect(link).toContainText(String(count));
    expect(await entries(seeded, `origin=client&outcome=${outcome}`)).toBe(count);
  }
  await card('Success').click();
  await expect(page.getByRole('heading', { level: 1, name: 'Requests' })).toBeVisible();
  await expect(page.locator('tr[data-row]')).toHaveCount(sums.errors);
});

for (const by of ['model', 'provider', 'provider_model', 'association', 'key', 'dialect', 'origin'] as const) {
  test(`divided by ${by}: what the table says is what the list has`, async ({ page, seeded }) => {
    await open(page, seeded, `/?by=${by}`);
    const table = page.getByRole('table', { name: 'In numbers' });
    const groups = await groupsOf(seeded, `group_by=${by}${by === 'origin' ? '&origin=all' : ''}`);
    await expect(table.locator('tr[data-row]')).toHaveCount(groups.length);
    const [most] = groups.filter((it) => it.group);
    const row = table.locator('tr[data-row]').first();
    await expect(row.getByRole('cell').nth(1)).toHaveText(String(most?.requests));
    await row.getByRole('cell').nth(1).getByRole('link').click();
    await expect(page).toHaveURL(new RegExp(`/logs\\?.*${by}=`));
    await expect(page.locator('tr[data-row]').first()).toBeVisible();
  });
}

test('it is divided further, narrowed, and saved as a table; the URL has it all', async ({ page, seeded }) => {
  await open(page, seeded, '/?range=7d');
  await page.getByLabel('Break down by').selectOption('provider');
  await page.getByLabel('and then by').selectOption('model');
  const table = page.getByRole('table', { name: 'In numbers' });
  await expect(table).toContainText('Azure · flaky');
  await expect(table).toContainText('Gemini · gemini-3');
  await accessible(page);
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export as a table (CSV)' }).click(),
  ]);
  const csv = await readFile(await file.path(), 'utf8');
  expect(csv).toContain('flaky');
  await page.getByRole('button', { name: 'Only Anthropic · claude-5' }).click();
  await expect(table.locator('tr[data-row]')).toHaveCount(1);
  await page.reload();
  await expect(table.locator('tr[data-row]')).toHaveCount(1);
  const claude = await groupsOf(seeded, 'model=claude-5&provider=Anthropic');
  await expect(page.getByRole('link', { name: new RegExp(`^Requests ${claude[0]?.requests}`) })).toBeVisible();
  await page.getByRole('button', { name: 'Remove the filter Provider: Anthropic' }).click();
  await page.getByRole('button', { name: 'Remove the filter Model: claude-5' }).click();
  await expect(table).toContainText('Azure · flaky');
  expect(new URL(page.url()).searchParams.get('range')).toBe('7d');
});

for (const [locale, ...chips] of [
  ['en', 'Dialect: OpenAI Chat', 'Sent by: a client', 'Key: ci-bot'],
  ['zh-CN', 'OpenAI Chat', '客户端', 'ci-bot'],
  ['zh-TW', 'OpenAI Chat', '用戶端', 'ci-bot'],
] as const) {
  test(`what it is narrowed to has a name that people read, in ${locale}`, async ({ page, seeded }) => {
    const { data } = await seeded.api<{ data: { id: string; name: string }[] }>('GET', '/api/keys');
    const key = data.find(({ name }) => name === 'ci-bot')?.id;
    // It is divided by another dimension, so that the sums do not say what these are called.
    await open(page, seeded, `/?by=provider&dialect=openai_chat&origin=client&key=${key}`, { locale });
    const narrowed = page.getByRole('button').filter({ hasText: chips[0] }).locator('xpath=ancestor::ul');
    for (const chip of chips) await expect(narrowed).toContainText(chip);
    for (const raw of ['openai_chat', 'client', `${key}`])
      await expect(narrowed.getByText(new RegExp(`(^|: )${raw}$`))).toHaveCount(0);
  });
}

test('a bar of a chart opens its time, and speed can be read', async ({ page, seeded }) => {
  await open(page, seeded, '/?range=1h');
  const speed = page.getByRole('table', { name: 'Speed' });
  await expect(speed.locator('tr[data-row]')).toHaveCount(2);
  await expect(speed.getByRole('row', { name: /^Whole answer/ })).toContainText('ms');
  const chart = page.getByRole('button', { name: /^Requests over time/ });
  await chart.focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/logs\?.*from=.*to=/);
  const { searchParams } = new URL(page.url());
  const length = Date.parse(searchParams.get('to') ?? '') - Date.parse(searchParams.get('from') ?? '');
  expect(length).toBe(300_000);
});

test('a number says how it stands against as long a time before', async ({ page, seeded }) => {
  await page.route(
    (url) => url.pathname === '/api/metrics' && url.searchParams.get('group_by') === 'none',
    async (route) => {
      const { searchParams } = new URL(route.request().url());
      if (Date.parse(searchParams.get('to') ?? '') > Date.now() - 3_600_000) return route.continue();
      // Nothing was before: as much as now, of half as many requests.
      searchParams.set('from', new Date(Date.now() - 86_400_000).toISOString());
      searchParams.set('to', new Date(Date.now() + 60_000).toISOString());
      const report = await seeded.api<{ groups: { requests: number }[] }>('GET', `/api/metrics?${searchParams}`);
      for (const group of report.groups) group.requests /= 2;
      await route.fulfill({ json: report });
    },
  );
  await open(page, seeded, '/');
  const card = (title: string) => page.getByRole('main').getByRole('link', { name: new RegExp(`^${title}`) });
  await expect(card('Requests')).toContainText('▲ 100% against the time before');
  await expect(card('Tokens in')).toContainText('± 0%');
});
