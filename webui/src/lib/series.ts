/** Colours of series: one name has one colour on every page, the first six of the palette; errors and others have their own. */
export function colours(names: string[]): Map<string, string> {
  const taken = new Set<number>();
  const result = new Map<string, string>();
  for (const name of names) {
    if (name === 'other') {
      result.set(name, 'var(--c8)');
      continue;
    }
    let hash = 0;
    for (const char of name) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
    let slot = hash % 6;
    for (let tries = 0; tries < 6 && taken.has(slot); tries++) slot = (slot + 1) % 6;
    taken.add(slot);
    result.set(name, `var(--c${slot + 1})`);
  }
  return result;
}
