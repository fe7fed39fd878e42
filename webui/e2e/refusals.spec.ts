/** Whatever field the gateway refuses, its form says so where it can be seen: at the control, or at the form's foot. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { UPSTREAM_KEY } from './gateway';
import { expect, open, type Seeded, test } from './test';

interface Schemas {
  [name: string]: { properties: Record<string, unknown> };
}
const { schemas } = (
  JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8')) as {
    components: { schemas: Schemas };
  }
).components;
const fieldsOf = (schema: string, within = '') => {
  const names = Object.keys(schemas[schema]?.properties ?? {}).map((name) => within + name);
  expect(names, schema).not.toEqual([]);
  return names;
};

interface Form {
  /** Opens it, with all that it may hold. */
  open: (page: Page, gateway: Seeded) => Promise<void>;
  /** Which write is refused. */
  path: string;
  fields: () => string[];
  /** Those that it has no control for: they stand at its foot. */
  elsewhere: string[];
  save?: string;
}

const edit = async (page: Page, name: RegExp | string) => {
  await page.getByRole('button', { name }).first().click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
};

const FORMS: Record<string, Form> = {
  'a new model': {
    open: async (page, gateway) => {
      await open(page, gateway, '/models?add=true');
      await page.getByRole('dialog').getByLabel('Name').fill('refused');
    },
    path: '**/api/models',
    fields: () => fieldsOf('ModelFields'),
    // It is switched in the list.
    elsewhere: ['enabled'],
  },
  'an association': {
    open: async (page, gateway) => {
      await open(page, gateway, `/models/${gateway.models['gpt-5']}`);
      await edit(page, /^Actions for OpenAI/);
      await page.getByRole('button', { name: 'Add a header' }).click();
    },
    path: '**/api/associations/*',
    fields: () => [...fieldsOf('AssociationFields'), ...fieldsOf('Prices', 'prices.'), 'headers.x-team'],
    // An association stays with its model.
    elsewhere: ['model_id'],
  },
  'a key': {
    open: async (page, gateway) => {
      await open(page, gateway, '/keys');
      await edit(page, 'Actions for alice');
    },
    path: '**/api/keys/*',
    fields: () => fieldsOf('KeyFields'),
    elsewhere: [],
  },
  'a provider': {
    open: async (page, gateway) => {
      await open(page, gateway, '/providers');
      await edit(page, 'Actions for Anthropic');
      await page.getByText('More: proxy').click();
      await page.getByRole('button', { name: 'Add an address' }).click();
      await page.getByLabel('Further address 1, base URL').fill('https://example.com/v1');
      // What was opened may be shut.
      await page.getByText('More: proxy').click();
    },
    path: '**/api/providers/*',
    fields: () => [...fieldsOf('ProviderFields'), ...fieldsOf('ProviderAddress', 'also.0.')],
    // It is switched in the list.
    elsewhere: ['enabled'],
  },
  'a provider that is being added': {
    open: async (page, gateway) => {
      await open(page, gateway, '/providers?add=true');
      const sheet = page.getByRole('dialog');
      await sheet.getByLabel('Name').fill('refused');
      await sheet.getByLabel('Base URL').fill(`${gateway.upstream}/v1`);
      await sheet.getByLabel('API key').fill(UPSTREAM_KEY);
    },
    path: '**/api/probe/models',
    fields: () => fieldsOf('ProviderFields', 'provider.'),
    elsewhere: ['provider.enabled', 'provider.version'],
    save: 'Check and go on',
  },
  'the settings': {
    open: async (page, gateway) => {
      await open(page, gateway, '/settings');
      await page.getByLabel('Longest rest, in seconds').fill('77');
    },
    path: '**/api/settings',
    fields: () => fieldsOf('SettingsInput'),
    // The days have a card of their own.
    elsewhere: ['log_retention_days'],
  },
};

for (const [name, form] of Object.entries(FORMS)) {
  test(name, async ({ page, seeded }) => {
    await form.open(page, seeded);
    let field = '';
    await page.route(form.path, (route) => {
      if (route.request().method() === 'GET') return route.continue();
      const error = { code: 'invalid', message: `must not be this ${field}`, field };
      return route.fulfill({ status: 422, json: { error } });
    });
    for (field of form.fields()) {
      await page.getByRole('button', { name: form.save ?? 'Save', exact: true }).click();
      const message = page.getByRole('alert').filter({ hasText: `must not be this ${field}` });
      await expect(message, field).toHaveCount(1);
      await expect(message, field).toBeInViewport();
      const atControl = await message.evaluate((it) => it.hasAttribute('data-error'));
      expect(atControl, field).toBe(!form.elsewhere.includes(field));
    }
  });
}
