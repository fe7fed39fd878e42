/** Every word on the screen is translated: no literal text in JSX, nor in the attributes that people read or hear. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const READ = new Set(['aria-label', 'title', 'placeholder', 'alt', 'label', 'hint', 'header', 'action', 'summary']);
/** Names, and examples of what is typed. */
const ALLOWED = /^(LLMIO|https?:\/\/\S*|x-name|p50|p90|⌘K)$/;
const hasWords = (text: string) => /\p{L}{2}/u.test(text) && !ALLOWED.test(text.trim());

function literals(file: string): string[] {
  const found: string[] = [];
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const visit = (node: ts.Node, translated: boolean) => {
    let inside = translated;
    if (ts.isJsxElement(node)) inside ||= /^(Trans|Plural)$/.test(node.openingElement.tagName.getText());
    if (ts.isJsxText(node) && !inside && hasWords(node.text)) found.push(node.text.trim());
    if (
      ts.isJsxAttribute(node) &&
      READ.has(node.name.getText()) &&
      node.initializer &&
      ts.isStringLiteral(node.initializer) &&
      hasWords(node.initializer.text)
    )
      found.push(`${node.name.getText()}="${node.initializer.text}"`);
    ts.forEachChild(node, (child) => visit(child, inside));
  };
  visit(source, false);
  return found.map((text) => `${file}: ${text}`);
}

test('no literal text', () => {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.tsx'),
  );
  expect(files.length).toBeGreaterThan(40);
  expect(files.flatMap((name) => literals(join(import.meta.dirname, name)))).toEqual([]);
});
