/** Which share of a model's requests each association gets, as the weights say, for a preview while they are edited. */
import type { Association, Strategy } from './config';

type Weighed = Pick<Association, 'id' | 'weight' | 'priority' | 'enabled' | 'provider_enabled'>;

/**
 * Shares by weight among those of the highest tier; 0 for those below it and for those that are switched off. (Where the
 * model is, they are what they would be.) An order
 * (rotor) gives all to its first. `isAwake` leaves out those that rest.
 */
export function shares(
  strategy: Strategy,
  associations: Weighed[],
  isAwake: (id: string) => boolean = () => true,
): Map<string, number> {
  const awake = associations.filter((it) => it.enabled && it.provider_enabled && it.weight > 0 && isAwake(it.id));
  const top = Math.max(...awake.map((it) => it.priority));
  const tier = awake.filter((it) => it.priority === top);
  const result = new Map(associations.map((it) => [it.id, 0]));
  if (strategy === 'rotor') {
    const first = tier.reduce<Weighed | undefined>(
      (best, it) => (best && best.weight >= it.weight ? best : it),
      undefined,
    );
    if (first) result.set(first.id, 1);
    return result;
  }
  const total = tier.reduce((sum, it) => sum + it.weight, 0);
  for (const it of tier) result.set(it.id, it.weight / total);
  return result;
}
