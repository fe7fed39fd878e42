/** Whatever the configuration file can say, some form of the console sends: a new field fails here until it has its place. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

interface Schema {
  $defs: Record<string, { properties?: Record<string, unknown> }>;
}
const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../docs/config.schema.json'), 'utf8'),
) as Schema;

/** Which page's forms edit a record, and what the page calls a field that has another name there. */
const PLACES: Record<string, { feature: string; names?: Record<string, string> }> = {
  ProviderEntry: { feature: 'providers' },
  AddressEntry: { feature: 'providers' },
  ModelEntry: { feature: 'models' },
  AssociationEntry: { feature: 'models', names: { provider: 'provider_id', model: 'provider_model' } },
  Prices: { feature: 'models' },
  KeyEntry: { feature: 'keys' },
  Settings: { feature: 'settings' },
};

const sources = (feature: string) =>
  readdirSync(join(import.meta.dirname, feature))
    .filter((name) => /\.tsx?$/.test(name) && !name.includes('.test.'))
    .map((name) => readFileSync(join(import.meta.dirname, feature, name), 'utf8'))
    .join('\n');

test.each(
  Object.entries(schema.$defs).flatMap(([record, { properties }]) =>
    Object.keys(properties ?? {}).map((field) => [record, field] as const),
  ),
)('%s.%s', (record, field) => {
  const place = PLACES[record];
  expect(place, `${record} has no page`).toBeDefined();
  const name = place?.names?.[field] ?? field;
  expect(sources(place?.feature ?? '')).toMatch(new RegExp(`\\b${name}\\b`));
});
