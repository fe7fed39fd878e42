import { Trans, useLingui } from '@lingui/react/macro';
import type { Schemas } from '@/api/client';
import { Badge } from '@/ui/status';

/** What would be made, as the gateway says by a dry run. */
export function Review({ changes }: { changes: Schemas['Change'][] }) {
  const { t } = useLingui();
  const kinds: Record<Schemas['Kind'], string> = {
    provider: t`provider`,
    model: t`model`,
    association: t`association`,
    key: t`key`,
    settings: t`settings`,
  };
  return (
    <div className="flex flex-col gap-3">
      <p className="text-t2">
        <Trans>Nothing is saved yet. This is made at once, or not at all:</Trans>
      </p>
      <ul aria-label={t`What is made`} className="m-0 flex list-none flex-col rounded-card border border-line p-0">
        {changes.map((change) => (
          <li
            key={`${change.kind} ${change.name}`}
            className="flex items-center gap-2 border-line border-b px-3 py-1.5 last:border-b-0"
          >
            <Badge tone={change.action === 'create' ? 'ok' : 'info'}>{kinds[change.kind]}</Badge>
            <span className="break-anywhere min-w-0">{change.name}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
