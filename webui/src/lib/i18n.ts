import { i18n } from '@lingui/core';

export const LOCALES = { en: 'English', 'zh-CN': '简体中文', 'zh-TW': '繁體中文' } as const;
export type Locale = keyof typeof LOCALES;
const KEY = 'llmio.locale';

/** Which of ours a language tag means. Traditional script, or a region that writes it, is zh-TW. */
export function localeOf(tag: string): Locale | null {
  const parts = tag.toLowerCase().split('-');
  if (parts[0] === 'en') return 'en';
  if (parts[0] !== 'zh') return null;
  if (parts.includes('hans')) return 'zh-CN';
  return parts.some((part) => ['hant', 'tw', 'hk', 'mo'].includes(part)) ? 'zh-TW' : 'zh-CN';
}

/** The one chosen here, else the first of the browser's that we speak, else English. */
export function preferredLocale(): Locale {
  const stored = localStorage.getItem(KEY);
  if (stored && stored in LOCALES) return stored as Locale;
  return navigator.languages.map(localeOf).find((locale) => locale !== null) ?? 'en';
}

const catalogues = import.meta.glob<{ messages: Record<string, string> }>('/src/locales/*.po');

export async function activate(locale: Locale) {
  const load = catalogues[`/src/locales/${locale}.po`];
  if (!load) throw new Error(`no catalogue for ${locale}`);
  const [{ messages }] = await Promise.all([load(), warm(locale)]);
  i18n.loadAndActivate({ locale, messages });
  document.documentElement.lang = locale;
}

/**
 * The browser reads what it knows of a language for the first of its formats, which takes as long as rendering a page: here while
 * the texts are on their way.
 */
function warm(locale: Locale): Promise<void> {
  return new Promise((resolve) =>
    setTimeout(() => {
      new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
      new Intl.NumberFormat(locale);
      new Intl.RelativeTimeFormat(locale);
      resolve();
    }),
  );
}

export async function chooseLocale(locale: Locale) {
  localStorage.setItem(KEY, locale);
  await activate(locale);
}
