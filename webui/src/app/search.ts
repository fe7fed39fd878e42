import { stringifySearchWith } from '@tanstack/react-router';

/** What may be JSON: a list, an object, a quoted text, or a word or number of it and nothing else. */
const JSON_TEXT = /^\s*(?:["[{]|(?:true|false|null|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*$)/i;
const NO_JSON = new SyntaxError();

/**
 * Writes a search as the router does, which quotes a text that would be read as something else. Ids begin like numbers, and to
 * find out by a failure that they are none took longer than the rest of a link.
 */
export const stringifySearch = stringifySearchWith(JSON.stringify, (text: string) => {
  if (!JSON_TEXT.test(text)) throw NO_JSON;
  return JSON.parse(text);
});
