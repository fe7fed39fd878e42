import { useLingui } from '@lingui/react/macro';
import { CopyButton } from '@/ui/copy';
import { Card } from '@/ui/page';
import type { Client, Wanted } from './clients';

/** What a client must be told: steps, what is typed into its fields, and what stands in its file. */
export function Told({ client, wanted }: { client: Client; wanted: Wanted }) {
  const { t, i18n } = useLingui();
  const text = client.text?.(wanted);
  return (
    <>
      {client.steps && (
        <Card title={client.name}>
          <ol className="m-0 grid list-decimal gap-1 pl-5">
            {client.steps.map((it) => (
              <li key={it.id}>{i18n._(it)}</li>
            ))}
          </ol>
          {client.fields && (
            <dl className="mt-3 mb-0 grid gap-2">
              {client.fields(wanted).map(({ name, value, secret }) => (
                <div key={name.id} className="flex flex-wrap items-center gap-x-3">
                  <dt className="w-44 text-muted">{i18n._(name)}</dt>
                  <dd className="m-0 flex min-w-0 items-center gap-1">
                    <code className="break-anywhere">{value}</code>
                    {!secret && <CopyButton text={value} label={t`Copy: ${i18n._(name)}`} />}
                  </dd>
                </div>
              ))}
            </dl>
          )}
        </Card>
      )}
      {text !== undefined && (
        <Card title={<code>{client.where}</code>} actions={<CopyButton text={text}>{t`Copy`}</CopyButton>}>
          <pre className="break-anywhere m-0 font-mono text-meta whitespace-pre-wrap">{text}</pre>
        </Card>
      )}
    </>
  );
}
