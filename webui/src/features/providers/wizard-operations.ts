/** What the wizard makes, as one batch: all of it is there afterwards, or nothing. */
import type { Schemas } from '@/api/client';
import type { Model } from '@/entities/config';

type Operation = Schemas['BatchOperation'];

/** A model of a provider, and the name that clients ask for it by. */
export interface Choice {
  provider_model: string;
  name: string;
}

/** The provider to be made, or the id of the one that is there. */
export type Target = { fields: Schemas['ProviderFields'] } | { id: string };

const PROVIDER = 'provider';
const WEIGHT = 10;

/** A name that a model has already is joined by the provider; each other name becomes a model. */
export function operationsOf(
  target: Target,
  choices: Choice[],
  models: Model[],
  pricesOf: (providerModel: string) => Schemas['Prices'] | null = () => null,
): Operation[] {
  const known = new Map(models.map((model) => [model.name, model.id]));
  const operations: Operation[] = [];
  if ('fields' in target) {
    operations.push({ op: 'create', kind: 'provider', ref: PROVIDER, fields: { ...target.fields } });
  }
  for (const { name, provider_model } of choices) {
    let model = known.get(name);
    if (model === undefined) {
      model = `model ${known.size}`;
      known.set(name, model);
      operations.push({ op: 'create', kind: 'model', ref: model, fields: { name } });
    }
    operations.push({
      op: 'create',
      kind: 'association',
      fields: {
        model_id: model,
        provider_id: 'id' in target ? target.id : PROVIDER,
        provider_model,
        weight: WEIGHT,
        prices: pricesOf(provider_model),
      },
    });
  }
  return operations;
}

/** `openai/gpt-5` of a marketplace is asked for as `gpt-5`, where that is wanted. */
export function shortName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1) || name;
}
