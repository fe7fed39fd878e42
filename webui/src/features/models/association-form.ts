/** An association as a form: numbers are text until they are sent, so that nothing that was typed is rounded or lost. */
import { t } from '@lingui/core/macro';
import type { Schemas } from '@/api/client';
import type { Association } from '@/entities/config';

export interface AssociationForm {
  model_id: string;
  provider_id: string;
  provider_model: string;
  weight: string;
  priority: string;
  tool_call: boolean;
  structured_output: boolean;
  image: boolean;
  relay_only: boolean;
  context_window: string;
  stream: Association['stream'];
  with_header: boolean;
  headers: { name: string; value: string }[];
  extra_body: string;
  has_prices: boolean;
  prices: {
    input: string;
    output: string;
    cache_read: string;
    cache_write: string;
    cache_write_1h: string;
    currency: string;
  };
  note: string;
  enabled: boolean;
}

const text = (value: number | null | undefined) => (value == null ? '' : String(value));

const MASK = '****';

/** A copy begins without the secrets of the original, of which the gateway shows masks alone. */
export function copyOf(association: Association, modelId: string, currency: string): AssociationForm {
  const form = formOf(association, modelId, currency);
  return {
    ...form,
    headers: form.headers.map(({ name, value }) => ({ name, value: value.startsWith(MASK) ? '' : value })),
  };
}

export function formOf(association: Association | undefined, modelId: string, currency: string): AssociationForm {
  const prices = association?.prices;
  return {
    model_id: modelId,
    provider_id: association?.provider_id ?? '',
    provider_model: association?.provider_model ?? '',
    weight: text(association?.weight ?? 10),
    priority: text(association?.priority ?? 0),
    tool_call: association?.tool_call ?? true,
    structured_output: association?.structured_output ?? true,
    image: association?.image ?? true,
    relay_only: association?.relay_only ?? false,
    context_window: text(association?.context_window),
    stream: association?.stream ?? 'auto',
    with_header: association?.with_header ?? false,
    headers: Object.entries(association?.headers ?? {}).map(([name, value]) => ({ name, value })),
    extra_body: Object.keys(association?.extra_body ?? {}).length
      ? JSON.stringify(association?.extra_body, null, 2)
      : '',
    has_prices: Boolean(prices),
    prices: pricesForm(prices, currency),
    note: association?.note ?? '',
    enabled: association?.enabled ?? true,
  };
}

export function pricesForm(prices: Association['prices'] | undefined, currency: string): AssociationForm['prices'] {
  return {
    input: text(prices?.input),
    output: text(prices?.output),
    cache_read: text(prices?.cache_read),
    cache_write: text(prices?.cache_write),
    cache_write_1h: text(prices?.cache_write_1h),
    currency: prices?.currency ?? currency,
  };
}

export function fieldsOf(form: AssociationForm): Schemas['AssociationFields'] {
  const { has_prices, prices, headers, extra_body, weight, priority, context_window, ...rest } = form;
  const amount = (value: string) => Number(value.trim() || 0);
  return {
    ...rest,
    weight: Number(weight),
    priority: Number(priority),
    context_window: context_window.trim() ? Number(context_window) : null,
    headers: Object.fromEntries(
      headers.filter(({ name }) => name.trim()).map(({ name, value }) => [name.trim(), value]),
    ),
    extra_body: extra_body.trim() ? (JSON.parse(extra_body) as Record<string, unknown>) : {},
    prices: has_prices
      ? {
          input: amount(prices.input),
          output: amount(prices.output),
          cache_read: amount(prices.cache_read),
          cache_write: amount(prices.cache_write),
          cache_write_1h: prices.cache_write_1h.trim() ? amount(prices.cache_write_1h) : null,
          currency: prices.currency.trim() || 'USD',
        }
      : null,
  };
}

/** What is wrong with a text that should be a JSON object, or null. */
export function jsonObjectError(source: string): string | null {
  if (!source.trim()) return null;
  try {
    const value: unknown = JSON.parse(source);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? null : t`it is another kind of value`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Provider models by likeness to a name: equal first, then those that hold it or are held, then the rest. */
export function ranked(names: string[], like: string): string[] {
  const wanted = like.toLowerCase();
  const rank = (name: string) => {
    const it = name.toLowerCase();
    if (it === wanted) return 0;
    if (it.endsWith(`/${wanted}`)) return 1;
    if (it.startsWith(wanted)) return 2;
    if (it.includes(wanted) || wanted.includes(it)) return 3;
    return 4;
  };
  return [...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}
