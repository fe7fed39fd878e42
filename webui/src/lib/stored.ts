/** Lists that this browser keeps; where it keeps nothing, or nonsense, there is none. */
export function readList(key: string): unknown[] | null {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? 'null');
    return Array.isArray(stored) ? stored : null;
  } catch {
    return null;
  }
}

export function writeList(key: string, list: unknown[] | null) {
  if (list) localStorage.setItem(key, JSON.stringify(list));
  else localStorage.removeItem(key);
}
