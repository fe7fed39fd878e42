/** Behaviour before a gateway that is slow, fails, goes away, or changes under one's hands. */
import type { Page, Request, Route } from '@playwright/test';
import { startGateway } from './gateway';
import { expect, open, settled, test } from './test';

const PAGES = ['/', '/logs', '/models', '/providers', '/keys', '/settings', '/start', '/playground'];
const isApi = (url: URL) => url.pathname.startsWith('/api/');

/** How much of the page moves by itself while it comes in, as the browser reckons it. */
async function watchShifts(page: Page) {
  await page.addInitScript(() => {
    (window as unknown as { shifts: number }).shifts = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[])
        if (!entry.hadRecentInput) (window as unknown as { shifts: number }).shifts += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

test('before a slow gateway each page shows at once what comes, and hardly moves when it has come', async ({
  page,
  seeded,
}) => {
  test.setTimeout(120_000);
  await watchShifts(page);
  await open(page, seeded, '/no-such-page');
  let held: Route[] = [];
  await page.route(isApi, (route) => void held.push(route));
  for (const path of PAGES) {
    await page.goto(seeded.console + path);
    // Its title, and skeletons in the place of what is not there yet.
    await expect(page.locator('h1')).toBeVisible();
    await expect(page.getByRole('status', { name: 'Loading' }).first()).toBeVisible();
    await expect(page.getByRole('alert')).toHaveCount(0);
    await expect(async () => {
      for (const route of held.splice(0)) await route.continue();
      await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0, { timeout: 200 });
    }).toPass();
    const shifts = await page.evaluate(() => (window as unknown as { shifts: number }).shifts);
    expect.soft(shifts, path).toBeLessThan(0.25);
    for (const route of held) await route.continue().catch(() => undefined);
    held = [];
  }
});

/** Notes each text that the page ever shows below its title, but for what stands for something that is not known. */
async function watchTexts(page: Page) {
  await page.addInitScript(() => {
    const said = new Set<string>();
    const look = () => {
      const now = new Set<string>();
      const main = document.querySelector('main');
      if (!main) return now;
      const texts = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        const { parentElement, textContent } = texts.currentNode;
        const text = textContent?.trim();
        if (text && !['–', 'Loading'].includes(text) && !parentElement?.closest('h1, [role=status][aria-label]'))
          now.add(text);
      }
      for (const text of now) said.add(text);
      return now;
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
    const takenBack = () => {
      const now = look();
      return [...said].filter((text) => !now.has(text));
    };
    Object.assign(window, { takenBack });
  });
}

test('whichever answer is late, nothing is said before it that it takes back', async ({ page, seeded }) => {
  test.setTimeout(180_000);
  // What happened two seconds ago did so all the time.
  await page.clock.setFixedTime(new Date());
  await watchTexts(page);
  let late: string | undefined;
  const held: Route[] = [];
  const answering = new Set<Request>();
  await page.route(isApi, (route) =>
    new URL(route.request().url()).pathname === late ? held.push(route) : route.continue(),
  );
  page.on('request', (it) => isApi(new URL(it.url())) && answering.add(it));
  page.on('requestfinished', (it) => answering.delete(it));
  page.on('requestfailed', (it) => answering.delete(it));
  const { data } = await seeded.api<{ data: { id: string }[] }>('GET', '/api/providers');
  for (const path of [...PAGES, `/providers/${data[0]?.id}`, `/models/${seeded.models['gpt-5']}`]) {
    const asked = new Set<string>();
    const note = (it: Request) => isApi(new URL(it.url())) && asked.add(new URL(it.url()).pathname);
    page.on('request', note);
    await open(page, seeded, path);
    await page.waitForLoadState('networkidle');
    page.off('request', note);
    for (late of asked) {
      const begun = page.waitForRequest((it) => isApi(new URL(it.url())));
      await page.goto(seeded.console + path);
      await begun;
      await expect.poll(() => answering.size - held.length).toBe(0);
      const name = late;
      late = undefined;
      for (const route of held.splice(0)) await route.continue();
      await settled(page);
      await expect.poll(() => answering.size).toBe(0);
      const taken = await page.evaluate(() => (window as unknown as { takenBack: () => string[] }).takenBack());
      expect.soft(taken, `${path} before ${name}`).toEqual([]);
    }
  }
});

test('what nobody waits for any more is cancelled', async ({ page, seeded }) => {
  await open(page, seeded, '/keys');
  const cancelled: string[] = [];
  page.on('requestfailed', (request) => {
    if (request.failure()?.errorText === 'net::ERR_ABORTED') cancelled.push(new URL(request.url()).pathname);
  });
  await page.route(
    (url) => url.pathname === '/api/logs',
    () => new Promise<void>(() => undefined),
  );
  await page.getByRole('navigation').getByRole('link', { name: 'Requests' }).first().click();
  await expect(page.getByRole('status', { name: 'Loading' }).first()).toBeVisible();
  await page.getByRole('navigation').getByRole('link', { name: 'Models' }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: 'Models' })).toBeVisible();
  await expect.poll(() => cancelled).toContain('/api/logs');
});

test('a failure says what it was, with its trace, and can be tried again', async ({ page, seeded }) => {
  let failing = true;
  await page.route(
    (url) => url.pathname === '/api/keys',
    (route) =>
      failing
        ? route.fulfill({
            status: 500,
            headers: { 'x-llmio-trace-id': 'trace-of-the-failure', 'access-control-allow-origin': '*' },
            json: { error: { code: 'storage', message: 'the database is busy', field: null } },
          })
        : route.continue(),
  );
  await open(page, seeded, '/keys');
  const alert = page.getByRole('alert');
  await expect(alert).toContainText('the database is busy');
  await expect(alert).toContainText('storage');
  failing = false;
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('cell', { name: 'alice', exact: true })).toBeVisible();
});

test('an answer that is none of a gateway is an error, never an empty page', async ({ page, seeded }) => {
  for (const answer of ['<html>a proxy</html>', '{"data": null}', '[]', 'null', '{"data": [{}]}', '']) {
    await page.route(
      (url) => url.pathname === '/api/providers',
      (route) =>
        route.fulfill({
          contentType: answer.startsWith('<') ? 'text/html' : 'application/json',
          headers: { 'access-control-allow-origin': '*' },
          body: answer,
        }),
    );
    await open(page, seeded, '/providers');
    await expect(page.locator('h1')).toBeVisible();
    await expect(page.getByRole('main').or(page.getByRole('alert')).first()).not.toBeEmpty();
    await page.unrouteAll();
  }
});

test('a gateway that goes away keeps what is shown, says so, and is found again', async ({ page }) => {
  test.skip(Boolean(process.env.LLMIO_CONSOLE_DIST), 'the Worker of a test is not started at a port of choice');
  const first = await startGateway();
  const port = Number(new URL(first.url).port);
  try {
    await first.api('POST', '/api/models', { name: 'still-shown' });
    await open(page, first, '/models');
    await first.kill();
    await page.getByRole('link', { name: 'Gateway: unreachable' }).waitFor({ timeout: 15_000 });
    await expect(page.getByRole('link', { name: 'still-shown' })).toBeVisible();
    const second = await startGateway({ port });
    try {
      await expect(page.getByRole('link', { name: 'Gateway: healthy' })).toBeVisible({ timeout: 30_000 });
    } finally {
      await second.stop();
    }
  } finally {
    await first.stop();
  }
});
