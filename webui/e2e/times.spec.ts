/** How fast the console is, for `scripts/bench ui`: written into docs/BENCHMARKS.md, judged by no test. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { TOKEN } from './gateway';
import { expect, open, type Seeded, test } from './test';

const ROUNDS = 7;
const FRAME = 16;
const PATHS = ['/', '/logs', '/models', '/providers', '/keys', '/settings', '/start', '/playground'];
const FILE = join(import.meta.dirname, '../../docs/BENCHMARKS.md');

interface Times {
  /** Milliseconds of tasks over 50 ms. */
  long: number[];
  /** How long each click or key took until the next frame, in milliseconds, by its number; only those over 16. */
  slow: Record<number, number>;
  /** How many there were before, slow or not. */
  before: number;
}
/** What a part of the visit came to. */
interface Noted {
  long: number[];
  slow: number[];
  interactions: number;
}
declare global {
  interface Window {
    times: Times;
    /** Ends what is noted so far, and begins anew. */
    takeTimes: () => Noted;
  }
  interface Performance {
    interactionCount: number;
  }
}

/** Notes what takes long from here on. */
async function watch(page: Page) {
  await page.addInitScript(() => {
    const begin = () => {
      window.times = { long: [], slow: {}, before: performance.interactionCount };
    };
    begin();
    const tasks = (entries: PerformanceEntryList) => {
      for (const { duration } of entries) window.times.long.push(duration);
    };
    // A click is several events, and takes as long as the longest of them.
    const events = (entries: PerformanceEntryList) => {
      for (const { interactionId, duration } of entries as (PerformanceEntry & { interactionId?: number })[])
        if (interactionId) window.times.slow[interactionId] = Math.max(window.times.slow[interactionId] ?? 0, duration);
    };
    const watchTasks = new PerformanceObserver((list) => tasks(list.getEntries()));
    watchTasks.observe({ type: 'longtask', buffered: true });
    const watchEvents = new PerformanceObserver((list) => events(list.getEntries()));
    watchEvents.observe({ type: 'event', buffered: true, durationThreshold: 16 } as PerformanceObserverInit);
    window.takeTimes = () => {
      // What has been seen, and not been told yet, too.
      tasks(watchTasks.takeRecords());
      events(watchEvents.takeRecords());
      const { long, slow, before } = window.times;
      begin();
      return { long, slow: Object.values(slow), interactions: performance.interactionCount - before };
    };
  });
}

const at = (values: number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
const ms = (value: number) => (Number.isNaN(value) ? '–' : `${value.toFixed(0)} ms`);

/** The first paint of a browser that knows nothing yet, but for who is signed in where a session is given. */
async function firstPaint(browser: Browser, url: string, session: object | null): Promise<number> {
  const context = await browser.newContext();
  const page = await context.newPage();
  if (session) await page.addInitScript((it) => sessionStorage.setItem('llmio.session', it), JSON.stringify(session));
  await page.goto(url);
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

interface Traced {
  ph: string;
  name: string;
  pid: number;
  tid: number;
  tdur?: number;
  args: unknown;
}

/**
 * The longest task of a page that is opened by a browser that knows nothing yet, in milliseconds of the processor's time: what
 * else the computer does is no part of it.
 */
async function longestTask(browser: Browser, gateway: Seeded, path: string): Promise<number> {
  const context = await browser.newContext();
  const cdp = await browser.newBrowserCDPSession();
  const events: Traced[] = [];
  cdp.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as Traced[])));
  await cdp.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel', 'devtools.timeline', '__metadata'] },
  });
  const page = await context.newPage();
  await open(page, gateway, path);
  await page.waitForTimeout(500);
  const complete = new Promise((resolve) => cdp.once('Tracing.tracingComplete', resolve));
  await cdp.send('Tracing.end');
  await complete;
  await cdp.detach();
  await context.close();
  // The browser has pages of its own, in other processes.
  const ours = new Set(
    events.filter((it) => JSON.stringify(it.args)?.includes(`${gateway.console}/assets/`)).map((it) => it.pid),
  );
  const mains = new Set(
    events
      .filter((it) => ours.has(it.pid) && it.ph === 'M' && JSON.stringify(it.args).includes('CrRendererMain'))
      .map((it) => `${it.pid} ${it.tid}`),
  );
  const tasks = events.filter((it) => it.name.endsWith('RunTask') && mains.has(`${it.pid} ${it.tid}`));
  return Math.max(...tasks.map((it) => (it.tdur ?? 0) / 1000));
}

// A recording of what happens takes pictures of every frame, and half of the page's time.
test.use({ trace: 'off' });

test('times', async ({ page, browser, seeded }) => {
  test.setTimeout(300_000);
  const rows: [string, string, string][] = [];
  for (const [name, session] of [
    ['First paint, cold: sign-in', null],
    ['First paint, cold: the dashboard', { address: '', token: TOKEN }],
  ] as const) {
    const paints: number[] = [];
    for (let round = 0; round < ROUNDS; round++) paints.push(await firstPaint(browser, seeded.console, session));
    rows.push([name, ms(at(paints, 0.5)), `the worst of ${ROUNDS}: ${ms(Math.max(...paints))}`]);
  }

  const cold: number[] = [];
  for (const path of PATHS) for (let round = 0; round < 3; round++) cold.push(await longestTask(browser, seeded, path));
  rows.push([
    "A page is opened, cold: its longest task, of the processor's time",
    ms(at(cold, 0.5)),
    `of ${PATHS.length} pages, 3 times each; the worst: ${ms(Math.max(...cold))}`,
  ]);

  await watch(page);
  const longest: Record<string, number[]> = {};
  const inputs: number[] = [];
  const note = async (name: string) => {
    await page.waitForTimeout(500);
    const { long, slow, interactions } = await page.evaluate(() => window.takeTimes());
    longest[name] = [...(longest[name] ?? []), ...long];
    // The browser tells of the slow ones alone; the others were done within a frame.
    inputs.push(...slow, ...Array.from({ length: Math.max(0, interactions - slow.length) }, () => FRAME));
  };
  for (const path of PATHS) {
    await open(page, seeded, path);
    await note('A page is opened');
  }
  await open(page, seeded, '/logs');
  await note('A page is opened');
  for (let round = 0; round < 3; round++) {
    for (let row = 0; row < 10; row++) await page.keyboard.press('j');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Filters', exact: true }).click();
    await page.getByRole('region', { name: 'Filter by' }).getByRole('button', { name: /^o5/ }).click();
    await page.getByRole('searchbox').pressSequentially('gateway', { delay: 30 });
    await page.getByRole('button', { name: 'Clear filters' }).first().click();
    for (const name of ['Dashboard', 'Models', 'Providers', 'Keys', 'Settings', 'Requests'])
      await page.getByRole('navigation').getByRole('link', { name }).first().click();
    await page.keyboard.press('Control+k');
    await expect(page.getByPlaceholder('A page, a name')).toBeFocused();
    await page.keyboard.type('gpt', { delay: 30 });
    await page.keyboard.press('Escape');
  }
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
  // Reading so long an answer is no part of scrolling.
  await page.waitForTimeout(500);
  await page.evaluate(() => window.takeTimes());
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
  const slow = inputs.filter((it) => it > FRAME).length;
  const worst = ms(Math.max(...inputs));
  rows.push([
    'From a click or key to its frame, p95',
    ms(at(inputs, 0.95)),
    `of ${inputs.length}, of which ${slow} took over ${FRAME} ms; the worst: ${worst}`,
  ]);
  expect(inputs.length).toBeGreaterThan(90);

  const table = ['| | | |', '|---|---:|---|', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
  console.log(table);
  if (process.env.LLMIO_TIMES === 'write') {
    const [begin, end] = ['<!-- bench ui: begin -->', '<!-- bench ui: end -->'];
    const text = readFileSync(FILE, 'utf8');
    const [head = '', rest = ''] = text.split(begin);
    writeFileSync(FILE, `${head}${begin}\n${table}\n${end}${rest.split(end)[1]}`);
  }
});
