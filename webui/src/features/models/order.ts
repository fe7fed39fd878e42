/** The list with one of its items at another place; places beyond the ends are the ends. */
export function moved(ids: string[], id: string, to: number): string[] {
  const rest = ids.filter((it) => it !== id);
  if (rest.length === ids.length) return ids;
  rest.splice(Math.max(0, Math.min(to, rest.length)), 0, id);
  return rest;
}
