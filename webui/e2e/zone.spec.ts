/** Times and days are of the zone that was chosen: written, asked for, and understood. The browser of the tests is in Shanghai. */
import { accessible, expect, fits, open, test } from './test';

const LABELS = { en: 'Time zone', 'zh-CN': '时区', 'zh-TW': '時區' };

for (const [locale, theme, width] of [
  ['en', 'light', 1440],
  ['zh-CN', 'dark', 390],
  ['zh-TW', 'light', 390],
] as const)
  test(`a zone is chosen by keyboard, holds at once and after a reload, in ${locale}`, async ({ page, seeded }) => {
    await page.setViewportSize({ width, height: 844 });
    await open(page, seeded, '/settings', { locale, theme });
    const zone = page.getByLabel(LABELS[locale], { exact: true });
    await expect(zone.locator('option:checked')).toContainText('Asia/Shanghai');
    await zone.focus();
    await page.keyboard.press('ArrowDown');
    await expect(zone).toHaveValue('UTC');
    await accessible(page);
    await fits(page);
    await page.reload();
    await expect(zone).toHaveValue('UTC');
    await zone.selectOption('');
    await expect(zone.locator('option:checked')).toContainText('Asia/Shanghai');
    expect(await page.evaluate(() => localStorage.getItem('llmio.zone'))).toBeNull();
  });

test('what is written, and what sums are asked for, is of the zone', async ({ page, seeded }) => {
  const asked: string[] = [];
  page.on('request', (request) => {
    const offset = new URL(request.url()).searchParams.get('tz_offset_minutes');
    if (offset !== null) asked.push(offset);
  });
  const { data } = await seeded.api<{ data: { id: string; created_at: string }[] }>('GET', '/api/logs?limit=1');
  const [log] = data;
  const clock = (timeZone: string) =>
    new Date(log?.created_at ?? '').toLocaleTimeString('en', { timeZone, timeStyle: 'medium' });
  await open(page, seeded, `/logs/${log?.id}?tab=details`);
  await expect(page.getByText(clock('Asia/Shanghai'))).toBeVisible();
  await open(page, seeded, '/settings');
  await page.getByLabel('Time zone', { exact: true }).selectOption('America/St_Johns');
  await open(page, seeded, `/logs/${log?.id}?tab=details`);
  await expect(page.getByText(clock('America/St_Johns'))).toBeVisible();
  await expect(page.getByText(clock('Asia/Shanghai'))).toHaveCount(0);
  asked.length = 0;
  for (const path of ['/', '/keys', '/models', '/providers']) await open(page, seeded, path);
  await expect.poll(() => asked.length).toBeGreaterThanOrEqual(5);
  for (const offset of asked) expect(['-210', '-150']).toContain(offset);
});

test('what is entered is of the zone: a range, and the day on which a key ends', async ({ page, seeded }) => {
  await open(page, seeded, '/settings');
  await page.getByLabel('Time zone', { exact: true }).selectOption('Australia/Darwin');
  await open(page, seeded, '/logs?from=2026-01-02T00:00:00.000Z&to=2026-01-03T00:00:00.000Z');
  await page.getByRole('button', { name: 'Change' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByLabel('From')).toHaveValue('2026-01-02T09:30');
  await expect(dialog.getByText('Times are of Australia/Darwin')).toBeVisible();
  await accessible(page, 'dialog');
  await dialog.getByLabel('From').fill('2026-01-01T12:00');
  await dialog.getByRole('button', { name: 'Show' }).click();
  await expect(page).toHaveURL(/from=2026-01-01T02%3A30%3A00\.000Z/);
  const { id } = await seeded.api<{ id: string }>('POST', '/api/keys', { name: 'ends' });
  try {
    await open(page, seeded, '/keys?q=ends');
    await page.locator('tr[data-row]').getByRole('button', { name: 'Actions for ends' }).click();
    await page.getByRole('menuitem', { name: 'Edit' }).click();
    await page
      .getByRole('dialog')
      .getByLabel(/Expires/)
      .fill('2030-05-06');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('dialog')).toBeHidden();
    const stored = await seeded.api<{ expires_at: string }>('GET', `/api/keys/${id}`);
    expect(Date.parse(stored.expires_at)).toBe(Date.parse('2030-05-06T14:29:59Z'));
  } finally {
    await seeded.api('DELETE', `/api/keys/${id}`);
  }
});
