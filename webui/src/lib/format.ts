/** Numbers and times in the reader's language and time zone. A value that does not exist is "–", never 0. */
import { i18n } from '@lingui/core';
import { chosenZone, wallTime } from './zone';

export const NONE = '–';
type Maybe = number | null | undefined;
const is = (value: Maybe): value is number => typeof value === 'number' && Number.isFinite(value);
const locale = () => i18n.locale || 'en';

const cache = new Map<string, Intl.NumberFormat>();
function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = locale() + JSON.stringify(options);
  let format = cache.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale(), options);
    cache.set(key, format);
  }
  return format;
}

export const number = (value: Maybe, digits = 3) =>
  is(value) ? numbers({ maximumFractionDigits: digits }).format(value) : NONE;

/** 1.9B, 19億. */
export const compact = (value: Maybe) =>
  is(value) ? numbers({ notation: 'compact', maximumFractionDigits: value < 1000 ? 0 : 1 }).format(value) : NONE;

/** Of a share between 0 and 1. */
export function percent(share: Maybe, digits?: number): string {
  if (!is(share)) return NONE;
  const exact = digits ?? (share > 0.99 && share < 1 ? 2 : share > 0 && share < 0.1 ? 1 : 0);
  return numbers({ style: 'percent', maximumFractionDigits: exact }).format(share);
}

/** A cost is never rounded to nothing. */
export function money(amount: Maybe, currency: string): string {
  if (!is(amount)) return NONE;
  const options = (digits: Intl.NumberFormatOptions): Intl.NumberFormatOptions =>
    /^[A-Z]{3}$/.test(currency)
      ? { style: 'currency', currency, currencyDisplay: 'narrowSymbol', ...digits }
      : { ...digits };
  const text = (value: number, digits: Intl.NumberFormatOptions) => {
    const formatted = numbers(options(digits)).format(value);
    return /^[A-Z]{3}$/.test(currency) ? formatted : `${formatted} ${currency}`;
  };
  if (amount === 0) return text(0, { maximumFractionDigits: 0 });
  const least = 0.000001;
  if (Math.abs(amount) < least) return `< ${text(least, { maximumFractionDigits: 6 })}`;
  if (Math.abs(amount) < 1)
    return text(amount, { maximumSignificantDigits: 3, maximumFractionDigits: 6, roundingPriority: 'lessPrecision' });
  return text(amount, { maximumFractionDigits: Math.abs(amount) >= 10_000 ? 0 : 2 });
}

/** Each currency's, the largest first. */
export const amounts = (costs: Record<string, number> | undefined): string[] =>
  Object.entries(costs ?? {})
    .sort((a, b) => b[1] - a[1])
    .map(([currency, amount]) => money(amount, currency));

export const moneys = (costs: Record<string, number> | undefined): string => amounts(costs).join(' · ') || NONE;

/** The international signs, for English; its own short words are longer ("6.2 sec"), and its shortest unclear ("3m"). */
const UNITS = { millisecond: 'ms', second: 's', minute: 'min', hour: 'h', day: 'd' } as const;

/** Of milliseconds: 820 ms, 6.2 s, 3 min. */
export function duration(ms: Maybe): string {
  if (!is(ms)) return NONE;
  const unit = (value: number, name: keyof typeof UNITS, digits: number) => {
    if (locale().startsWith('en')) return `${number(value, digits)} ${UNITS[name]}`;
    return numbers({ style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: digits }).format(value);
  };
  if (ms < 1000) return unit(ms, 'millisecond', ms < 10 ? 1 : 0);
  if (ms < 60_000) return unit(ms / 1000, 'second', ms < 10_000 ? 2 : 1);
  if (ms < 3_600_000) return unit(ms / 60_000, 'minute', 1);
  if (ms < 86_400_000) return unit(ms / 3_600_000, 'hour', 1);
  return unit(ms / 86_400_000, 'day', 1);
}

/** What a text takes as UTF-8, as it is sent and stored. */
export const byteLength = (text: string): number => new TextEncoder().encode(text).length;

export function bytes(value: Maybe): string {
  if (!is(value)) return NONE;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let size = value;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${number(size, unit === 0 || size >= 100 ? 0 : 1)} ${units[unit]}`;
}

const dates = new Map<Intl.DateTimeFormatOptions, { locale: string; zone: string; format: Intl.DateTimeFormat }>();
/** By one of the forms below: very many moments are written, and even looking a form up by what it says would take its time. */
function dateFormat(form: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const known = dates.get(form);
  const zone = chosenZone();
  if (known?.locale === locale() && known.zone === zone) return known.format;
  const format = new Intl.DateTimeFormat(locale(), { ...(zone && { timeZone: zone }), ...form });
  dates.set(form, { locale: locale(), zone, format });
  return format;
}

const EXACT = { dateStyle: 'medium', timeStyle: 'medium' } as const;
const DATE = { dateStyle: 'medium', timeZone: 'UTC' } as const;
const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
const DAY = { month: 'short', day: 'numeric' } as const;
const MINUTE = { ...DAY, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;

const valid = (time: Date) => !Number.isNaN(time.getTime());

export function dateTime(iso: string | null | undefined): string {
  const time = new Date(iso ?? '');
  if (!valid(time)) return NONE;
  return dateFormat(EXACT).format(time);
}

/** A day of the calendar (`2026-09-22`), the same in every zone. */
export function day(date: string): string {
  const time = new Date(`${date}T00:00:00Z`);
  return valid(time) ? dateFormat(DATE).format(time) : NONE;
}

/** The time alone for today, else with its day. */
export function shortTime(iso: string): string {
  const time = new Date(iso);
  if (!valid(time)) return NONE;
  const clock = dateFormat(CLOCK).format(time);
  const isToday = wallTime(time).slice(0, 10) === wallTime(new Date()).slice(0, 10);
  return isToday ? clock : `${dateFormat(DAY).format(time)} ${clock}`;
}

export function dateLabel(iso: string, step: 'minute' | 'hour' | 'day'): string {
  const time = new Date(iso);
  if (!valid(time)) return NONE;
  return dateFormat(step === 'day' ? DAY : MINUTE).format(time);
}

let relativeFormat: { locale: string; format: Intl.RelativeTimeFormat } | undefined;
function relatives(): Intl.RelativeTimeFormat {
  if (relativeFormat?.locale !== locale())
    relativeFormat = { locale: locale(), format: new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' }) };
  return relativeFormat.format;
}

/** "3 minutes ago", "in 2 days". */
export function relative(iso: string | null | undefined, now = Date.now()): string {
  const time = new Date(iso ?? '').getTime();
  if (Number.isNaN(time)) return NONE;
  const seconds = (time - now) / 1000;
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [
    ['year', 31_536_000],
    ['month', 2_592_000],
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
    ['second', 1],
  ];
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  return relatives().format(Math.round(seconds / size), unit);
}

export const list = (items: string[]) => new Intl.ListFormat(locale(), { type: 'conjunction' }).format(items);
