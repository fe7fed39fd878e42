import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { offersOf, useCatalogue } from '@/entities/prices/prices';

export interface KnownPrices {
  /** Of the catalogue; null while it is not loaded. */
  date: string | null;
  taken: boolean;
  take: (taken: boolean) => void;
  /** What the provider at this address asks for a model; null where the catalogue does not say. */
  of: (providerModel: string) => Schemas['Prices'] | null;
  /** The same, if prices are taken from the catalogue. */
  taking: (providerModel: string) => Schemas['Prices'] | null;
}

/** The prices that a provider at an address is known to ask. */
export function useKnownPrices(address: string): KnownPrices {
  const catalogue = useCatalogue();
  const [taken, take] = useState(true);
  const of = (model: string) => {
    const [offer] = catalogue ? offersOf(catalogue, address, model) : [];
    return offer?.here ? offer.prices : null;
  };
  return { date: catalogue?.date ?? null, taken, take, of, taking: (model) => (taken ? of(model) : null) };
}
