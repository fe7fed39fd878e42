/** Every filter of the list of requests: chosen in its panel, it is in the URL, in what the gateway is asked for, and in the rows. */
import type { Page } from '@playwright/test';
import { expect, open, type Seeded, test } from './test';

interface Entry {
  trace_id: string;
  session: string | null;
  total_ms: number;
  first_token_ms: number | null;
  error: string | null;
}
const newest = async (seeded: Seeded) =>
  (await seeded.api<{ data: Entry[] }>('GET', '/api/logs?limit=200')).data as [Entry, ...Entry[]];
const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** What is typed for the filters that are; the others are chosen from what there is. */
const TYPED: Record<string, (seeded: Seeded) => Promise<string | number> | string | number> = {
  q: () => 'FLAKY',
  session: () => 'a-session-of-the-filters',
  trace: async (seeded) => (await newest(seeded))[0].trace_id,
  user_agent: () => 'node',
  error: async (seeded) => (await newest(seeded)).find((it) => it.error)?.error?.slice(0, 12) ?? '',
  body: () => 'hello',
  min_total_ms: async (seeded) => median((await newest(seeded)).map((it) => it.total_ms)),
  max_total_ms: async (seeded) => median((await newest(seeded)).map((it) => it.total_ms)),
  min_first_token_ms: async (seeded) =>
    median((await newest(seeded)).flatMap((it) => (it.first_token_ms === null ? [] : [it.first_token_ms]))),
  min_cost: () => 0.0001,
  attempts_min: () => 2,
};

/** How many entries there are, as the page says: a list of cards has no count. */
const rows = async (page: Page) => {
  const table = page.getByRole('table', { name: 'Requests' });
  if (await table.count()) return Number(await table.getAttribute('aria-rowcount')) - 1;
  return page.evaluate(async () => {
    const found = new Set<string | null>();
    scrollTo(0, 0);
    for (let before = -1; scrollY > before; ) {
      before = scrollY;
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      for (const card of document.querySelectorAll('[data-row]')) found.add(card.getAttribute('data-row'));
      scrollBy(0, innerHeight / 2);
    }
    scrollTo(0, 0);
    return found.size;
  });
};

test.beforeAll(async ({ seeded }) => {
  const body = {
    model: 'gpt-5',
    metadata: { session_id: 'a-session-of-the-filters' },
    messages: [{ role: 'user', content: 'hello' }],
  };
  await (await seeded.ask('/v1/chat/completions', body, seeded.key)).text();
});

for (const [layout, viewport] of [
  ['a desktop', { width: 1440, height: 900 }],
  ['a phone', { width: 390, height: 844 }],
] as const) {
  test(`on ${layout}`, async ({ page, seeded }) => {
    test.slow();
    await page.setViewportSize(viewport);
    await open(page, seeded, '/logs');
    await page.getByRole('button', { name: 'Filters', exact: true }).click();
    const panel = page.getByRole('region', { name: 'Filter by' });
    const all = await panel
      .getByLabel('Filter by')
      .locator('option')
      .evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
    expect(all).toHaveLength(26);
    for (const filter of all) {
      await panel.getByLabel('Filter by').selectOption(filter);
      const asked = page.waitForRequest((request) => {
        const { pathname, searchParams } = new URL(request.url());
        return pathname === '/api/logs' && searchParams.has(filter);
      });
      const typed = await TYPED[filter]?.(seeded);
      if (typed !== undefined) {
        await panel.getByRole('textbox').or(panel.getByRole('spinbutton')).fill(String(typed));
        await panel.getByRole('button', { name: 'Filter', exact: true }).click();
      } else {
        await panel.locator('button[aria-pressed]').first().click();
      }
      const { searchParams } = new URL((await asked).url());
      const values = searchParams.getAll(filter);
      expect(values, filter).toHaveLength(1);
      if (typed !== undefined) expect(values).toEqual([String(typed)]);
      await expect(page, filter).toHaveURL(new RegExp(`[?&]${filter}=`));
      const query = new URLSearchParams([
        ['from', searchParams.get('from') ?? ''],
        [filter, values[0] ?? ''],
      ]);
      const { data } = await seeded.api<{ data: unknown[] }>('GET', `/api/logs?limit=200&${query}`);
      expect(data.length, filter).toBeGreaterThan(0);
      await expect.poll(() => rows(page), { message: filter }).toBe(data.length);
      await page.getByRole('button', { name: 'Clear filters' }).click();
      await expect(page).not.toHaveURL(new RegExp(`[?&]${filter}=`));
    }
  });
}
