import { defaultParseSearch, defaultStringifySearch } from '@tanstack/react-router';
import { expect, test } from 'vitest';
import { stringifySearch } from './search';

test('a search is written as the router writes it, and read as it was', () => {
  const texts = [
    'gpt-5',
    '01a21f8b-baa4-731e-a49f-28fb18ee484c',
    '12',
    '-0.5e3',
    '1e',
    '01',
    '1.',
    '',
    ' ',
    ' 7 ',
    'true',
    'TRUE',
  ];
  texts.push(
    'null',
    'nullable',
    'fast',
    '"quoted"',
    '"half',
    '[1]',
    '[half',
    '{"a":1}',
    '{half',
    '-',
    'a&b=c',
    '模型',
    '\u202Ertl',
    '1\n2',
  );
  for (const text of texts) {
    const search = { text, list: [text, text], deep: { text } };
    expect(stringifySearch(search), text).toBe(defaultStringifySearch(search));
    expect(defaultParseSearch(stringifySearch({ text })), text).toEqual({ text });
  }
  const values = { number: 1.5, yes: true, no: false, nothing: null, left: undefined };
  expect(stringifySearch(values)).toBe(defaultStringifySearch(values));
});
