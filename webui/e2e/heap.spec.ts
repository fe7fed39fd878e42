/** A page that stays open does not grow: what is live comes in for long, and pages are changed often. */
import type { CDPSession, Page } from '@playwright/test';
import { expect, open, test } from './test';

const MIB = 1024 * 1024;

/** What is reachable, in bytes. */
async function heap(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = (await session.send('Runtime.getHeapUsage')) as { usedSize: number };
  return usedSize;
}

const measured = (page: Page) => page.context().newCDPSession(page);

test('twenty changes of page leave less than 10 MiB behind', async ({ page, seeded }) => {
  await open(page, seeded, '/');
  const session = await measured(page);
  const round = async () => {
    for (const name of ['Requests', 'Models', 'Providers', 'Keys', 'Dashboard']) {
      await page.getByRole('navigation').getByRole('link', { name }).first().click();
      await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
    }
  };
  await round();
  const before = await heap(session);
  for (let times = 0; times < 4; times++) await round();
  expect((await heap(session)) - before).toBeLessThan(10 * MIB);
});

test('a live list that has seen twenty thousand requests is no larger than one that has seen two thousand', async ({
  page,
  seeded,
}) => {
  test.setTimeout(120_000);
  const [row] = (await seeded.api<{ data: object[] }>('GET', '/api/logs?limit=1')).data;
  // Time goes faster in the page, and each answer has a hundred new requests.
  await page.addInitScript((it) => {
    const later = setTimeout;
    window.setTimeout = ((run: TimerHandler, ms = 0, ...rest: unknown[]) =>
      later(run, ms >= 1000 && ms <= 2000 ? 20 : ms, ...rest)) as typeof setTimeout;
    const every = setInterval;
    window.setInterval = ((run: TimerHandler, ms = 0, ...rest: unknown[]) =>
      every(run, ms === 2000 ? 20 : ms, ...rest)) as typeof setInterval;
    let seen = 0;
    const ask = fetch;
    window.fetch = async (input, init) => {
      const url = String(input);
      const json = (body: unknown) =>
        new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });
      if (url.includes('/api/activity')) {
        const rates = { rpm: 1, tpm: 1, cost_per_hour: [], error_rate: 0 };
        return json({ instance: 'i', partial: false, in_flight: [], finished: [], cursor: String(seen), rates });
      }
      if (!/\/api\/logs\?/.test(url)) return ask(input, init);
      const first = seen;
      seen += 90;
      (window as unknown as { seen: number }).seen = seen;
      // The last ten of the answer before are in it, as when fewer have come than fit.
      const data = Array.from({ length: 100 }, (_, index) => ({
        ...it,
        id: String(first + 99 - index).padStart(12, '0'),
        error: `a text of its own ${first + index} `.repeat(20),
      }));
      return json({ data, next_cursor: null, scanned_to: null });
    };
  }, row);
  await open(page, seeded, '/logs?live=true');
  const session = await measured(page);
  const until = (count: number) =>
    page.waitForFunction((wanted) => (window as unknown as { seen: number }).seen >= wanted, count, {
      timeout: 60_000,
    });
  await until(2000);
  const before = await heap(session);
  await until(20_000);
  expect((await heap(session)) - before).toBeLessThan(10 * MIB);
  expect(Number(await page.getByRole('table', { name: 'Requests' }).getAttribute('aria-rowcount'))).toBeLessThan(1500);
});
