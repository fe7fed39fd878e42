import { expect, test } from 'vitest';
import { diff } from './diff';

const shown = (before: string, after: string) =>
  diff(before, after)
    ?.map(({ kind, text }) => (kind === 'same' ? text : kind === 'added' ? `{+${text}}` : `{-${text}}`))
    .join('');

test.each([
  ['', '', ''],
  ['the same', 'the same', 'the same'],
  ['one two three', 'one 2 three', 'one {-two }{+2 }three'],
  ['one two', 'one two three', 'one {-two}{+two three}'],
  ['', 'new', '{+new}'],
  ['gone', '', '{-gone}'],
  ['今天很好', '今天不好', '今天{-很}{+不}好'],
])('%j to %j', (before, after, expected) => expect(shown(before, after)).toBe(expected));

test('both texts can be read out of what differs', () => {
  const texts = ['a b c d e f', 'b  c x e\nf g', 'x', 'a b\n\nc', '混 a 合 b', ''];
  for (const before of texts)
    for (const after of texts) {
      const pieces = diff(before, after) ?? [];
      const read = (without: string) => pieces.flatMap((it) => (it.kind === without ? [] : it.text)).join('');
      expect([read('added'), read('removed')]).toEqual([before, after]);
    }
});

test('what is too long is not compared', () => {
  const long = (word: string) => Array.from({ length: 3000 }, (_, index) => `${word}${index}`).join(' ');
  expect(diff(long('a'), long('b'))).toBeNull();
});
