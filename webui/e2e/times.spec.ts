/** How fast the console is, for `scripts/bench ui`: written into docs/BENCHMARKS.md, judged by no test. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { expect, open, test } from './test';

const ROUNDS = 7;
const FILE = join(import.meta.dirname, '../../docs/BENCHMARKS.md');

interface Times {
  /** Milliseconds of tasks over 50 ms. */
  long: number[];
  /** From an input to the next frame after it, in milliseconds. */
  inputs: number[];
}
declare global {
  interface Window {
    times: Times;
  }
}

/** Notes what takes long from here on. */
async function watch(page: Page) {
  await page.addInitScript(() => {
    window.times = { long: [], inputs: [] };
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.times.long.push(entry.duration);
    }).observe({ type: 'longtask', buffered: true });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { interactionId?: number })[])
        if (entry.interactionId) window.times.inputs.push(entry.duration);
    }).observe({ type: 'event', buffered: true, durationThreshold: 16 } as PerformanceObserverInit);
  });
}

const at = (values: number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
const ms = (value: number) => (Number.isNaN(value) ? '–' : `${value.toFixed(0)} ms`);

/** The first paint of a browser that knows nothing yet. */
async function firstPaint(browser: Browser, url: string, path: string): Promise<number> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url + path);
  const paint = await page.evaluate(
    () =>
      new Promise<number>((resolve) =>
        new PerformanceObserver((list) => {
          const [entry] = list.getEntriesByName('first-contentful-paint');
          if (entry) resolve(entry.startTime);
        }).observe({ type: 'paint', buffered: true }),
      ),
  );
  await context.close();
  return paint;
}

test('times', async ({ page, browser, seeded }) => {
  test.setTimeout(300_000);
  const rows: [string, string, string][] = [];
  const paints: number[] = [];
  for (let round = 0; round < ROUNDS; round++) paints.push(await firstPaint(browser, seeded.console, '/sign-in'));
  rows.push(['First paint, cold', ms(at(paints, 0.5)), `the worst of ${ROUNDS}: ${ms(Math.max(...paints))}`]);

  await watch(page);
  const longest: Record<string, number[]> = {};
  const inputs: number[] = [];
  const note = async (name: string) => {
    const { long, inputs: more } = await page.evaluate(() => {
      const { times } = window;
      window.times = { long: [], inputs: [] };
      return times;
    });
    longest[name] = [...(longest[name] ?? []), ...long];
    inputs.push(...more);
  };
  for (const path of ['/', '/logs', '/models', '/providers', '/keys', '/settings', '/start', '/playground']) {
    await open(page, seeded, path);
    await page.waitForTimeout(300);
    await note('A page is opened');
  }
  await open(page, seeded, '/logs');
  await note('A page is opened');
  for (let row = 0; row < 10; row++) await page.keyboard.press('j');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Filters', exact: true }).click();
  await page.getByRole('region', { name: 'Filter by' }).getByRole('button', { name: /^o5/ }).click();
  await page.getByRole('searchbox').pressSequentially('gateway', { delay: 30 });
  await page.getByRole('button', { name: 'Clear filters' }).first().click();
  for (const name of ['Dashboard', 'Models', 'Providers', 'Keys', 'Settings', 'Requests'])
    await page.getByRole('navigation').getByRole('link', { name }).first().click();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('gpt', { delay: 30 });
  await page.keyboard.press('Escape');
  await page.waitForTimeout(500);
  await note('Clicks and keys');

  const { data } = await seeded.api<{ data: object[] }>('GET', '/api/logs?limit=1');
  await page.addInitScript((it) => {
    const ask = fetch;
    window.fetch = async (input, init) => {
      if (!/\/api\/logs\?/.test(String(input))) return ask(input, init);
      const data = Array.from({ length: 100_000 }, (_, index) => ({ ...it, id: `${index}` }));
      const body = JSON.stringify({ data, next_cursor: null, scanned_to: null });
      return new Response(body, { headers: { 'content-type': 'application/json' } });
    };
  }, data[0]);
  await open(page, seeded, '/logs');
  await expect(page.getByRole('table')).toHaveAttribute('aria-rowcount', '100001');
  await page.waitForTimeout(500);
  await page.evaluate(() => {
    window.times = { long: [], inputs: [] };
  });
  const frames = await page.evaluate(async () => {
    const gaps: number[] = [];
    let last = performance.now();
    for (let frame = 0; frame < 180; frame++) {
      scrollBy(0, 900);
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      gaps.push(now - last);
      last = now;
    }
    return gaps;
  });
  await note('100,000 rows are scrolled');
  for (const [name, tasks] of Object.entries(longest)) {
    const most = tasks.length ? ms(Math.max(...tasks)) : 'none';
    rows.push([`${name}: tasks over 50 ms`, String(tasks.length), `the longest: ${most}`]);
  }
  rows.push(['100,000 rows are scrolled: frames', `${ms(at(frames, 0.5))} each`, `p95 ${ms(at(frames, 0.95))}`]);
  rows.push(['From an input to its frame, p95', ms(at(inputs, 0.95)), `of ${inputs.length} over 16 ms`]);

  const table = ['| | | |', '|---|---:|---|', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
  console.log(table);
  if (process.env.LLMIO_TIMES === 'write') {
    const [begin, end] = ['<!-- bench ui: begin -->', '<!-- bench ui: end -->'];
    const text = readFileSync(FILE, 'utf8');
    const [head = '', rest = ''] = text.split(begin);
    writeFileSync(FILE, `${head}${begin}\n${table}\n${end}${rest.split(end)[1]}`);
  }
});
