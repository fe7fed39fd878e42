/** Whether several weights become one, or each is multiplied. */
export type Weighing = 'set' | 'times';

/** A weight as it is to be, whole and 1 at the least; null for what is no such amount. */
export function asWeighed(weight: number, how: Weighing, amount: string): number | null {
  const typed = Number(amount);
  if (amount.trim() === '' || !Number.isFinite(typed) || typed <= 0) return null;
  if (how === 'set') return Number.isInteger(typed) ? typed : null;
  return Math.max(1, Math.round(weight * typed));
}
