/** What every test has: a gateway with things in it, a page that is signed in, and watch over the console's rules. */
import { AxeBuilder } from '@axe-core/playwright';
import { test as base, expect, type Page } from '@playwright/test';
import { type Gateway, startGateway, TOKEN } from './gateway';
import { seed, traffic } from './seed';

export { expect };

export interface Seeded extends Gateway {
  key: string;
  models: Record<string, string>;
  sent: number;
}

async function startSeeded(): Promise<Seeded> {
  const gateway = await startGateway();
  const { key, models } = await seed(gateway);
  const sent = await traffic(gateway, key);
  await until(async () => (await gateway.api<{ data: unknown[] }>('GET', '/api/logs?limit=200')).data.length >= sent);
  return { ...gateway, key, models, sent };
}

export const test = base.extend<
  { watched: undefined; seeded: Seeded },
  { seededOf: (file: string) => Promise<Seeded> }
>({
  seededOf: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright wants a pattern
    async ({}, use) => {
      let kept: { file: string; gateway: Seeded } | undefined;
      await use(async (file) => {
        if (kept?.file !== file) {
          await kept?.gateway.stop();
          kept = undefined;
          kept = { file, gateway: await startSeeded() };
        }
        return kept.gateway;
      });
      await kept?.gateway.stop();
    },
    { scope: 'worker' },
  ],
  // Whatever a worker ran before, and in which order: each file has a gateway that no other has changed.
  seeded: [async ({ seededOf }, use, { file }) => use(await seededOf(file)), { timeout: 180_000 }],
  // No error of a script, nothing that the content security policy had to stop, and no request to anybody else.
  watched: [
    async ({ page }, use) => {
      const wrong: string[] = [];
      page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
      page.on('console', (message) => {
        if (/Content Security Policy|Refused to/.test(message.text())) wrong.push(message.text());
      });
      page.on('dialog', (dialog) => {
        if (dialog.type() === 'alert') wrong.push(`alert: ${dialog.message()}`);
      });
      page.on('request', (request) => {
        const { protocol, hostname } = new URL(request.url());
        if (!['blob:', 'data:'].includes(protocol) && hostname !== '127.0.0.1') wrong.push(`asked ${request.url()}`);
      });
      await use(undefined);
      expect(wrong).toEqual([]);
    },
    { auto: true },
  ],
});

export async function until(condition: () => Promise<boolean>, patience = 10_000) {
  const limit = Date.now() + patience;
  while (!(await condition())) {
    if (Date.now() > limit) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Opens a page of the console, signed in, in a language and theme. */
export async function open(page: Page, gateway: Gateway, path: string, look: { locale?: string; theme?: string } = {}) {
  await page.addInitScript(
    ([address, token, locale, theme]) => {
      // The blank page before the first one has no storage.
      if (location.origin === 'null') return;
      sessionStorage.setItem('llmio.session', JSON.stringify({ address, token }));
      localStorage.setItem('llmio.locale', locale);
      localStorage.setItem('llmio.theme', theme);
    },
    [gateway.console === gateway.url ? '' : gateway.url, TOKEN, look.locale ?? 'en', look.theme ?? 'light'] as const,
  );
  await page.goto(gateway.console + path);
  await settled(page);
}

/** The page has what it asked for. */
export async function settled(page: Page) {
  await expect(page.locator('h1').first()).toBeVisible();
  await expect(page.locator('[role=status][aria-label]')).toHaveCount(0);
}

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** The page breaks no rule, or what is over it; or none of those that are named. */
export async function accessible(page: Page, what?: string, rules?: string[]) {
  // No page of the console has frames: its own way of looking into those takes most of the time.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
  const part = what ? axe.include(what) : axe;
  const { violations } = await (rules ? part.withRules(rules) : part.withTags(TAGS)).analyze();
  expect
    .soft(
      violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`),
      page.url(),
    )
    .toEqual([]);
}

/** Nothing makes the page wider than the screen. */
export async function pageFits(page: Page) {
  const [content, screen] = await page.evaluate(
    () => [document.documentElement.scrollWidth, document.documentElement.clientWidth] as const,
  );
  expect.soft(content, page.url()).toBeLessThanOrEqual(screen);
}

export async function fits(page: Page) {
  await pageFits(page);
  // Nor does a table with its usual columns scroll sideways, but for a chart's in its own frame.
  for (const table of await page.locator('table:not([tabindex="0"] > table)').all()) {
    const wide = await table.evaluate((it) => it.scrollWidth - (it.parentElement?.clientWidth ?? 0));
    expect.soft(wide, `${page.url()}: ${await table.getAttribute('aria-label')}`).toBeLessThanOrEqual(0);
  }
}
