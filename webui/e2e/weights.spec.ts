/** A model's associations: several at once, and shares as the gateway gives them. */
import { type Gateway, startGateway } from './gateway';
import { seed } from './seed';
import { accessible, expect, fits, open, test } from './test';

interface Stored {
  id: string;
  model: string;
  provider: string;
  weight: number;
  enabled: boolean;
}

let gateway: Gateway;
let id: string;
test.beforeEach(async () => {
  gateway = await startGateway();
  id = (await seed(gateway, { hostile: false })).models['gpt-5'] ?? '';
});
test.afterEach(() => gateway.stop());

const stored = async () =>
  (await gateway.api<{ data: Stored[] }>('GET', '/api/associations')).data.filter((it) => it.model === 'gpt-5');
const weights = async () => Object.fromEntries((await stored()).map((it) => [it.provider, it.weight]));
const enabled = async () => (await stored()).map((it) => it.enabled);

test('several are changed at once, and put back at once', async ({ page }) => {
  await open(page, gateway, `/models/${id}`);
  await page.getByLabel('Choose all').check();
  const bar = page.getByRole('region', { name: 'Change those that are chosen' });
  await expect(bar).toContainText('2 are chosen');
  await accessible(page);
  await bar.getByLabel('How the weights change').selectOption('times');
  await bar.getByLabel('Factor').fill('3');
  await bar.getByRole('button', { name: 'Apply' }).click();
  await expect.poll(weights).toEqual({ OpenAI: 30, Azure: 15 });
  await page.getByRole('button', { name: 'Put back' }).click();
  await expect.poll(weights).toEqual({ OpenAI: 10, Azure: 5 });
  await bar.getByRole('button', { name: 'Switch off' }).click();
  await expect.poll(enabled).toEqual([false, false]);
  // One that is like that already is left alone.
  await gateway.api('PATCH', `/api/associations/${(await stored())[0]?.id}`, { enabled: true });
  await page.reload();
  await page.getByLabel('Choose all').check();
  await bar.getByRole('button', { name: 'Switch on' }).click();
  await expect.poll(enabled).toEqual([true, true]);
  await page.getByRole('button', { name: 'Put back' }).click();
  await expect.poll(async () => (await enabled()).filter(Boolean).length).toBe(1);
  await bar.getByRole('button', { name: 'Choose none' }).click();
  await expect(bar).toBeHidden();
});

test('what the search hides is not changed along', async ({ page }) => {
  await open(page, gateway, `/models/${id}`);
  await page.getByLabel('Choose all').check();
  await page.getByRole('searchbox', { name: 'Provider, model, type' }).fill('azure');
  const bar = page.getByRole('region', { name: 'Change those that are chosen' });
  await expect(bar).toContainText('1 is chosen');
  await bar.getByLabel('New weight').fill('7');
  await bar.getByRole('button', { name: 'Apply' }).click();
  await expect.poll(weights).toEqual({ OpenAI: 10, Azure: 7 });
});

test('somebody else is not put back along', async ({ page }) => {
  await open(page, gateway, `/models/${id}`);
  await page.getByLabel('Choose all').check();
  const bar = page.getByRole('region', { name: 'Change those that are chosen' });
  await bar.getByRole('button', { name: 'Switch off' }).click();
  await expect.poll(enabled).toEqual([false, false]);
  await gateway.api('PATCH', `/api/associations/${(await stored())[0]?.id}`, { weight: 99 });
  await page.getByRole('button', { name: 'Put back' }).click();
  await expect(page.getByText('Not put back: somebody has changed the configuration since.')).toBeVisible();
  expect(await enabled()).toEqual([false, false]);
});

test('a dialog that opens does not hide Put back, and closing it keeps it', async ({ page }) => {
  await open(page, gateway, `/models/${id}`);
  const field = page.getByLabel('Weight of Azure › gpt-5-0826');
  await field.fill('25');
  await field.press('Enter');
  await expect.poll(weights).toEqual({ OpenAI: 10, Azure: 25 });
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Edit gpt-5' });
  const back = page.getByRole('button', { name: 'Put back' });
  await expect(dialog.getByRole('button', { name: 'Save' })).toBeVisible();
  // Neither it nor the form's own button is under the other one.
  await back.click({ trial: true });
  await dialog.getByRole('button', { name: 'Save' }).click({ trial: true });
  await accessible(page);
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await back.click();
  await expect.poll(weights).toEqual({ OpenAI: 10, Azure: 5 });
});

test("shares beside weights are the gateway's own, as a simulation draws them", async ({ page }) => {
  await open(page, gateway, `/models/${id}`);
  const row = (provider: string) => page.locator('tr[data-row]').filter({ hasText: `${provider} ›` });
  const field = page.getByLabel('Weight of Azure › gpt-5-0826');
  await field.fill('30');
  // Before it is saved.
  await expect(row('Azure')).toContainText('75%');
  await expect(row('OpenAI')).toContainText('25%');
  await field.press('Enter');
  await expect.poll(weights).toEqual({ OpenAI: 10, Azure: 30 });
  const body = { dialect: 'openai_chat', model: 'gpt-5', stream: true, needs: [], draws: 4000 };
  const { decision } = await gateway.api<{ decision: { candidates: { provider: string; share: number }[] } }>(
    'POST',
    '/api/plan',
    body,
  );
  expect(decision.candidates.find((it) => it.provider === 'Azure')?.share).toBeCloseTo(0.75);
});

test('models are put into order by keyboard, pointer and menu, and put back', async ({ page }) => {
  const names = async () =>
    (await gateway.api<{ data: { name: string }[] }>('GET', '/api/models')).data.slice(0, 3).map((it) => it.name);
  const [first, second, third] = await names();
  await open(page, gateway, '/models');
  const handle = (name?: string) => page.getByRole('button', { name: new RegExp(`^Move ${name};`) });
  await handle(first).focus();
  await page.keyboard.press('ArrowDown');
  await expect.poll(names).toEqual([second, first, third]);
  const back = await page.getByRole('button', { name: 'Put back' }).elementHandle();
  await back?.click();
  await expect.poll(names).toEqual([first, second, third]);
  // The browser forgets that a button is held when something leaves the page before the pointer moves, as the message does.
  await expect.poll(() => back?.evaluate((it) => it.isConnected)).toBe(false);
  await handle(third).hover();
  await page.mouse.down();
  await handle(first).hover();
  // A drag begins with a second movement.
  await handle(first).hover();
  await page.mouse.up();
  await expect.poll(names).toEqual([third, first, second]);
  await page.getByRole('button', { name: `Actions for ${first}`, exact: true }).click();
  await page.getByRole('menuitem', { name: 'Move to the top' }).click();
  await expect.poll(names).toEqual([first, third, second]);
});

test('associations are put into order, where their order is what is looked at', async ({ page }) => {
  const order = async () => (await stored()).map((it) => it.provider);
  await open(page, gateway, `/models/${id}`);
  await page.getByRole('button', { name: 'Actions for OpenAI › gpt-5' }).click();
  await expect(page.getByRole('menuitem', { name: 'Edit' })).toBeVisible();
  await expect(page.getByRole('menuitem', { name: 'Move down' })).toHaveCount(0);
  await page.keyboard.press('Escape');
  await page.getByLabel('Order', { exact: true }).selectOption('As configured');
  await page.getByRole('button', { name: 'Actions for OpenAI › gpt-5' }).click();
  await page.getByRole('menuitem', { name: 'Move down' }).click();
  await expect.poll(order).toEqual(['Azure', 'OpenAI']);
  await page.getByRole('button', { name: 'Put back' }).click();
  await expect.poll(order).toEqual(['OpenAI', 'Azure']);
});

for (const [screen, viewport] of [
  ['a phone', { width: 390, height: 844 }],
  ['a tablet', { width: 1024, height: 768 }],
] as const) {
  test(`with a finger, on ${screen}, models and associations are put into order by what is to be seen`, async ({
    browser,
  }) => {
    const context = await browser.newContext({ viewport, hasTouch: true, isMobile: true, locale: 'en-US' });
    const page = await context.newPage();
    const names = async () =>
      (await gateway.api<{ data: { name: string }[] }>('GET', '/api/models')).data.slice(0, 3).map((it) => it.name);
    const [first, second, third] = await names();
    await open(page, gateway, '/models');
    await expect(page.getByRole('button', { name: `Move ${first} up` })).toBeDisabled();
    await page.getByRole('button', { name: `Move ${first} down` }).tap();
    await expect.poll(names).toEqual([second, first, third]);
    await page.getByRole('button', { name: `Move ${third} up` }).tap();
    await expect.poll(names).toEqual([second, third, first]);
    await accessible(page);
    await fits(page);
    const order = async () => (await stored()).map((it) => it.provider);
    await open(page, gateway, `/models/${id}`);
    await page.getByLabel('Order', { exact: true }).selectOption('As configured');
    await page.getByRole('button', { name: 'Actions for OpenAI › gpt-5' }).tap();
    await page.getByRole('menuitem', { name: 'Move down' }).tap();
    await expect.poll(order).toEqual(['Azure', 'OpenAI']);
    await context.close();
  });
}
