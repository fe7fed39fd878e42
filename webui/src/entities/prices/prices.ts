/** What the makers and hosts of models ask, as the committed catalogue has it. It is loaded when prices are looked for. */
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '@/api/client';

/** Input, output, cache read, cache write; then 1 where long contexts cost more. US dollars for a million tokens. */
type Row = (number | null)[];

export interface Catalogue {
  date: string;
  source: string;
  providers: { name: string; hosts: string[]; models: Record<string, Row> }[];
}

export interface Offer {
  /** Who asks this price. */
  by: string;
  model: string;
  prices: Schemas['Prices'];
  /** Long contexts cost more than this. */
  longer: boolean;
  /** It is the price of the address that was asked about. */
  here: boolean;
}

const SEVERAL = 6;

export async function loadCatalogue(): Promise<Catalogue> {
  return (await import('./catalogue.json')).default as unknown as Catalogue;
}

export const useCatalogue = () =>
  useQuery({ queryKey: ['prices'], queryFn: loadCatalogue, staleTime: Number.POSITIVE_INFINITY }).data;

/**
 * The prices of a model by the provider's name for it: of the provider at this address alone where the catalogue has it,
 * else of all who have one of that name.
 */
export function offersOf(catalogue: Catalogue, address: string, model: string): Offer[] {
  const host = hostOf(address);
  const here = catalogue.providers.filter((it) => it.hosts.includes(host));
  for (const providers of [here, catalogue.providers]) {
    const offers = providers.flatMap(({ name, models }): Offer[] => {
      const found = Object.keys(models).find((it) => it === model) ?? Object.keys(models).find((it) => like(it, model));
      const row = found === undefined ? undefined : models[found];
      return row ? [{ by: name, model: found ?? model, ...read(row), here: providers === here }] : [];
    });
    if (offers.length) return offers.slice(0, SEVERAL);
  }
  return [];
}

function read([input, output, cacheRead, cacheWrite, longer]: Row): Pick<Offer, 'prices' | 'longer'> {
  const fresh = input ?? 0;
  return {
    prices: {
      input: fresh,
      output: output ?? 0,
      // Without a price of its own, what is cached costs what is not.
      cache_read: cacheRead ?? fresh,
      cache_write: cacheWrite ?? fresh,
      currency: 'USD',
    },
    longer: longer === 1,
  };
}

function hostOf(address: string): string {
  try {
    return new URL(address).host;
  } catch {
    return '';
  }
}

/** The same but for case, the maker before a slash, and the day behind: `openai/gpt-5` and `gpt-5-2025-08-07`. */
function like(one: string, other: string): boolean {
  const plain = (name: string) =>
    name
      .toLowerCase()
      .replace(/^.*\//, '')
      .replace(/-(\d{4}-\d{2}-\d{2}|\d{8}|latest)$/, '');
  return plain(one) === plain(other);
}
