/** From an empty gateway to an answered question, by the wizard alone. */
import { type Gateway, startGateway, UPSTREAM_KEY } from './gateway';
import { accessible, expect, fits, open, test } from './test';

let gateway: Gateway;
test.beforeEach(async () => {
  gateway = await startGateway();
});
test.afterEach(() => gateway.stop());

const everything = async () =>
  Promise.all(
    ['providers', 'models', 'associations'].map(
      async (kind) => (await gateway.api<{ data: { id: string; name: string }[] }>('GET', `/api/${kind}`)).data,
    ),
  );

test('a wrong key is told, a right one leads to models, and all is made at once', async ({ page }) => {
  await open(page, gateway, '/');
  await page.getByRole('link', { name: 'Add a provider' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a provider' });
  await dialog.getByRole('button', { name: 'DeepSeek' }).click();
  await dialog.getByLabel('Base URL').fill(`${gateway.upstream}/v1`);
  await dialog.getByLabel('API key').fill('sk-wrong');
  await dialog.getByRole('button', { name: 'Check and go on' }).click();
  await expect(dialog.getByRole('alert')).toContainText('It does not know the key');
  await accessible(page);
  await dialog.getByLabel('API key').fill(UPSTREAM_KEY);
  await dialog.getByRole('button', { name: 'Check and go on' }).click();

  const offered = dialog.getByRole('list', { name: 'Models it offers' });
  await offered.getByRole('checkbox').nth(0).check();
  await offered.getByRole('checkbox').nth(1).check();
  const names = offered.getByRole('textbox');
  const given = await names.first().inputValue();
  await names.last().fill('mine');
  await expect(dialog.getByText('2 models are chosen.')).toBeVisible();
  await fits(page);
  await accessible(page);
  await dialog.getByRole('button', { name: 'Go on' }).click();

  await expect(dialog.getByRole('list', { name: 'What is made' }).getByRole('listitem')).toHaveCount(5);
  await accessible(page);
  expect(await everything()).toEqual([[], [], []]);
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByRole('button', { name: `Say hello to ${given}` }).click();
  await expect(dialog.getByText('complete')).toBeVisible();
  await accessible(page);

  const [providers, models, associations] = await everything();
  expect(providers?.map((it) => it.name)).toEqual(['DeepSeek']);
  expect(models?.map((it) => it.name)).toEqual([given, 'mine']);
  expect(associations).toHaveLength(2);

  // More of its models, later: those in use are not offered again.
  await page.goto(`${gateway.console}/providers/${providers?.[0]?.id}`);
  await page.getByRole('button', { name: 'Add models' }).click();
  const more = page.getByRole('dialog', { name: 'Add models of DeepSeek' });
  await expect(more.getByRole('checkbox', { name: given, exact: true })).toHaveCount(0);
});

test('a provider that cannot be reached, or gives no list, is added all the same', async ({ page }) => {
  await open(page, gateway, '/providers?add=true');
  const dialog = page.getByRole('dialog', { name: 'Add a provider' });
  await dialog.getByLabel('Name').fill('Far away');
  await dialog.getByLabel('Base URL').fill('http://127.0.0.1:9/v1');
  await dialog.getByRole('button', { name: 'Check and go on' }).click();
  await expect(dialog.getByRole('alert')).toContainText('Nobody answered there');
  await dialog.getByRole('button', { name: 'Go on without its list' }).click();
  await dialog.getByLabel('Models').fill('one\ntwo\n\none');
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await expect(dialog.getByRole('list', { name: 'What is made' }).getByRole('listitem')).toHaveCount(5);
  // What stands in the way is told before anything is made.
  await gateway.api('POST', '/api/providers', { name: 'Far away', type: 'openai' });
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(dialog.getByLabel('Name')).toHaveAttribute('aria-invalid', 'true');
  const [, models] = await everything();
  expect(models).toEqual([]);
});
