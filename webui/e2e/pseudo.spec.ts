/** Longer words than any of the three languages has: nothing is cut off, nothing too wide. */
import type { Page } from '@playwright/test';
import { expect, open, pageFits, test } from './test';

const WIDER: Record<string, string> = {
  a: 'áä',
  e: 'éë',
  i: 'íï',
  o: 'óö',
  u: 'úü',
  A: 'ÁÄ',
  E: 'ÉË',
  I: 'ÍÏ',
  O: 'ÓÖ',
  U: 'ÚÜ',
};
type Part = string | [name: string, format?: string, choices?: Record<string, string | number | Part[]>];

/** Each vowel is two: about 40 % more. The tags of a text stay. */
const stretched = (text: string) =>
  text.replace(/<[^>]*>|[aeiou]/gi, (it) => (it.startsWith('<') ? it : (WIDER[it] ?? it)));

function stretch(part: Part): Part {
  if (typeof part === 'string') return stretched(part);
  const [name, format, choices] = part;
  if (!choices) return part;
  const longer = Object.entries(choices).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.map(stretch) : typeof value === 'string' ? stretched(value) : value,
  ]);
  return [name, format, Object.fromEntries(longer)];
}

/** English as it would be if it were much longer. */
async function speakPseudo(page: Page) {
  let spoken = false;
  await page.route('**/assets/en-*.js', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(/JSON\.parse\((`.*?[^\\]`)\)/s, (_, text) => {
      const messages = new Function(`return JSON.parse(${text})`)() as Record<string, Part[]>;
      spoken = true;
      return JSON.stringify(
        Object.fromEntries(Object.entries(messages).map(([id, parts]) => [id, parts.map(stretch)])),
      );
    });
    await route.fulfill({ response, body });
  });
  return () => spoken;
}

/** What says something and shows only a part of it. */
const cut = (page: Page) =>
  page.locator('button, h1, h2, h3, th, label, legend, summary, [role=tab]').evaluateAll((all) =>
    all
      .filter((it) => {
        const { width } = it.getBoundingClientRect();
        // What is for ears alone is a pixel wide.
        return width > 1 && it.scrollWidth > it.clientWidth + 1 && getComputedStyle(it).display !== 'inline';
      })
      .map((it) => it.textContent),
  );

for (const width of [1440, 390]) {
  test(`words of nearly twice the length, ${width}`, async ({ page, seeded }) => {
    test.setTimeout(120_000);
    await page.setViewportSize({ width, height: 900 });
    const spoken = await speakPseudo(page);
    const [log] = (await seeded.api<{ data: { id: string }[] }>('GET', '/api/logs?model=gpt-5&limit=1')).data;
    const [provider] = (await seeded.api<{ data: { id: string }[] }>('GET', '/api/providers')).data;
    for (const path of [
      '/',
      '/logs',
      `/logs/${log?.id}`,
      '/providers',
      `/providers/${provider?.id}`,
      '/providers?add=true',
      '/models',
      `/models/${seeded.models['gpt-5']}`,
      `/models/${seeded.models['gpt-5']}?add=true`,
      '/keys',
      '/keys?add=true',
      '/start',
      '/playground',
      '/settings',
    ]) {
      await open(page, seeded, path);
      await page.screenshot({ path: `screenshots/pseudo-${width}${path.replace(/\W+/g, '-').slice(0, 40)}.png` });
      // A table of such words may scroll in its own frame.
      await pageFits(page);
      expect.soft(await cut(page), path).toEqual([]);
    }
    expect(spoken()).toBe(true);
  });
}
