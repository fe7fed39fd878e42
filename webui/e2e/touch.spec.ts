/** By finger: everything that is pressed is large enough for one, nothing needs a pointer that hovers. */
import { expect, open, type Seeded, test } from './test';

test.use({ hasTouch: true, isMobile: true });

const paths = (seeded: Seeded) => [
  '/',
  '/logs',
  '/models',
  `/models/${seeded.models['gpt-5']}`,
  '/providers',
  '/keys',
  '/settings',
  '/start',
  '/playground',
  '/providers?add=true',
  '/models?add=true',
  '/keys?add=true',
];

for (const [device, viewport] of [
  ['a phone', { width: 390, height: 844 }],
  ['a tablet', { width: 820, height: 1180 }],
] as const) {
  test(`what is pressed is large enough on ${device}`, async ({ page, seeded }) => {
    await page.setViewportSize(viewport);
    for (const path of paths(seeded)) {
      await open(page, seeded, path);
      const small = await page
        .locator('a, button, input:not([type=hidden]), select, textarea, summary')
        .evaluateAll((all) =>
          all.flatMap((it) => {
            const pressed = (it.matches('[type=radio]') && it.closest('label')) || it;
            // A browser lays out by 64ths of a pixel; what moves while it comes has sizes that are rounded elsewhere.
            const { width, height } = pressed.getBoundingClientRect();
            const size = [width, height].map((pixels) => Math.round(pixels * 64) / 64);
            // What is for readers of the screen alone is one pixel.
            if (Math.min(...size) <= 1) return [];
            const least = it.classList.contains('tap') || it.classList.contains('control') ? 44 : 24;
            const name = it.getAttribute('aria-label') ?? it.textContent;
            return Math.min(...size) < least ? [`${it.tagName} ${name}: ${size.join(' × ')}`] : [];
          }),
        );
      expect.soft(small, path).toEqual([]);
    }
  });
}

test('by finger: the list, a request, back, a filter, all pages', async ({ page, seeded }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, seeded, '/logs');
  const cards = page.locator('li[data-row]');
  // A screen shows several requests, and not the ways to look for them alone.
  expect((await cards.nth(1).boundingBox())?.y).toBeLessThan(844 - 56);
  await page.getByRole('button', { name: 'With bodies' }).tap();
  await expect(page).toHaveURL(/has_bodies=true/);
  await page.getByRole('button', { name: 'With bodies' }).tap();
  await cards.first().tap({ position: { x: 150, y: 10 } });
  await expect(page.getByRole('tab', { name: 'Details' })).toBeVisible();
  await page.getByRole('tab', { name: 'Details' }).tap();
  await expect(page.getByRole('tab', { name: 'Details' })).toHaveAttribute('aria-selected', 'true');
  await page.goBack();
  await page.goBack();
  await page.getByRole('button', { name: 'More' }).tap();
  await page.getByRole('dialog').getByRole('link', { name: 'Keys' }).tap();
  await page.getByRole('button', { name: 'Create a key' }).tap();
  // No field takes the focus, which would bring up the keyboard over the form.
  await expect(page.getByRole('dialog')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Name' })).not.toBeFocused();
});
