/** A chart is zoomed into, by pointer, finger and keyboard, and out of again. */
import type { Locator, Page } from '@playwright/test';
import { accessible, expect, fits, open, test, until } from './test';

test.beforeEach(async ({ seeded }) => {
  // What ended a moment ago is summed up a moment later.
  const from = new Date(Date.now() - 86_400_000).toISOString();
  const total = async () =>
    (await seeded.api<{ groups: { requests: number }[] }>('GET', `/api/metrics?from=${from}`)).groups[0];
  await until(async () => ((await total())?.requests ?? 0) >= seeded.sent);
});

const chartOf = (page: Page, name: RegExp) => page.getByRole('button', { name });
const TRAFFIC = /^Requests over time/;

/** How long the time in the address is; null without one. */
function shown(page: Page): number | null {
  const { searchParams } = new URL(page.url());
  const [from, to] = [searchParams.get('from'), searchParams.get('to')];
  return from && to ? Date.parse(to) - Date.parse(from) : null;
}

async function drag(page: Page, chart: Locator, from: number, to: number) {
  await chart.scrollIntoViewIfNeeded();
  const box = await chart.boundingBox();
  if (!box) throw new Error('no chart');
  const at = (share: number) => [box.x + box.width * share, box.y + box.height / 2] as const;
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at((from + to) / 2), { steps: 4 });
  await page.mouse.move(...at(to), { steps: 4 });
}

test('by dragging, twice, and back by the button and by the browser', async ({ page, seeded }) => {
  await open(page, seeded, '/?range=24h&by=provider');
  await drag(page, chartOf(page, TRAFFIC), 0.99, 0.6);
  await expect(page.getByText(/ – .*: .*\d/).first()).toBeVisible();
  await page.mouse.up();
  await expect(page).toHaveURL(/by=provider.*from=.*to=/);
  const first = shown(page) ?? 0;
  expect(first).toBeGreaterThan(8 * 3_600_000);
  expect(first).toBeLessThan(12 * 3_600_000);
  await drag(page, chartOf(page, TRAFFIC), 0.7, 0.99);
  await page.mouse.up();
  await expect.poll(() => shown(page)).toBeLessThan(first / 2);
  await accessible(page);
  await page.getByRole('button', { name: /^Zoom out: .* – / }).click();
  await expect.poll(() => shown(page)).toBe(first);
  await page.getByRole('button', { name: 'Zoom out: Last 24 hours' }).click();
  await expect(page).toHaveURL(/range=24h/);
  await expect(page).toHaveURL(/by=provider/);
  await expect(page.getByRole('button', { name: /^Zoom out/ })).toHaveCount(0);
  await page.goBack();
  await expect.poll(() => shown(page)).toBe(first);
  await page.reload();
  await expect(page.getByRole('button', { name: 'Zoom out: Last 24 hours' })).toBeVisible();
});

test('by keyboard; Escape chooses nothing, and one bar opens its requests as before', async ({ page, seeded }) => {
  await open(page, seeded, '/?range=1h');
  const chart = chartOf(page, TRAFFIC);
  await expect(chart).toHaveAccessibleDescription(/with Shift they choose a time/);
  await chart.focus();
  for (const key of ['ArrowLeft', 'Shift+ArrowLeft', 'Shift+ArrowLeft', 'Shift+ArrowLeft'])
    await page.keyboard.press(key);
  await expect(chart).toHaveAccessibleName(/ – /);
  await page.keyboard.press('Escape');
  await expect(chart).not.toHaveAccessibleName(/ – /);
  for (const key of ['ArrowLeft', 'Shift+ArrowLeft', 'Shift+ArrowLeft', 'Shift+ArrowLeft'])
    await page.keyboard.press(key);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/^[^?]*\/\?.*from=/);
  expect(shown(page)).toBeLessThanOrEqual(20 * 60_000);
  expect(shown(page)).toBeGreaterThan(10 * 60_000);
  await chart.focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/logs\?/);
});

test('the list of requests and the chart of speed, too', async ({ page, seeded }) => {
  await open(page, seeded, '/logs?range=1h&outcome=success');
  await drag(page, page.getByRole('region', { name: 'Requests over time' }).getByRole('button').first(), 0.8, 0.99);
  await page.mouse.up();
  await expect.poll(() => shown(page)).toBeLessThan(20 * 60_000);
  await expect(page).toHaveURL(/outcome=success/);
  await page.getByRole('button', { name: 'Zoom out: Last hour' }).click();
  await expect(page).toHaveURL(/range=1h/);
  await open(page, seeded, '/?range=1h');
  await drag(page, chartOf(page, /^First token over time/), 0.8, 0.99);
  await page.mouse.up();
  await expect.poll(() => shown(page)).toBeLessThan(20 * 60_000);
});

test.describe('by finger', () => {
  test.use({ hasTouch: true, isMobile: true, viewport: { width: 360, height: 740 } });

  test('a tap reads a bar, a second one opens it, and dragging zooms', async ({ page, seeded }) => {
    await open(page, seeded, '/?range=1h');
    const chart = chartOf(page, TRAFFIC);
    await chart.scrollIntoViewIfNeeded();
    const box = await chart.boundingBox();
    if (!box) throw new Error('no chart');
    const client = await page.context().newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', share?: number) =>
      client.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: share === undefined ? [] : [{ x: box.x + box.width * share, y: box.y + box.height / 2 }],
      });
    await touch('touchStart', 0.7);
    for (const share of [0.75, 0.8, 0.9, 0.98]) await touch('touchMove', share);
    await touch('touchEnd');
    await expect.poll(() => shown(page)).toBeLessThan(25 * 60_000);
    await expect(page.getByRole('button', { name: 'Zoom out: Last hour' })).toBeVisible();
    await fits(page);
    await page.getByRole('button', { name: 'Zoom out: Last hour' }).click();
    await expect(page).toHaveURL(/range=1h/);
    await chart.tap({ position: { x: box.width - 3, y: 20 } });
    await expect(chart).toHaveAccessibleName(/in all\. \S/);
    await expect(page).toHaveURL(/range=1h/);
    await chart.tap({ position: { x: box.width - 3, y: 20 } });
    await expect(page).toHaveURL(/\/logs\?/);
  });
});

for (const [locale, theme, name] of [
  ['en', 'dark', 'All'],
  ['zh-CN', 'light', '全部'],
  ['zh-TW', 'dark', '全部'],
] as const)
  test(`all that there are sums of, in ${locale}`, async ({ page, seeded }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await open(page, seeded, '/?by=key&then_by=provider_model', { locale, theme });
    await page.locator('select').filter({ hasText: name }).first().selectOption({ label: name });
    await expect(page.locator('tr[data-row], li[data-row]').first()).toBeVisible();
    await expect(page.getByRole('alert')).toHaveCount(0);
    expect(asked.some((it) => it.includes('interval=day'))).toBe(true);
    // Of a gateway that began today the last month, in which a day can be pointed at.
    const chart = page
      .locator('main')
      .getByRole('button')
      .filter({ has: page.locator('svg rect') })
      .first();
    const bar = chart.locator('rect:not(defs rect)').first();
    await expect.poll(async () => (await bar.boundingBox())?.width ?? 0).toBeGreaterThan(5);
    await fits(page);
    await accessible(page);
  });
