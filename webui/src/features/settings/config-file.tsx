import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import { ApiError, askAdmin, type Schemas } from '@/api/client';
import { useConfigChanged } from '@/entities/config';
import { useUnsavedGuard } from '@/entities/form';
import { download } from '@/lib/download';
import { Button } from '@/ui/button';
import { TextArea } from '@/ui/field';
import { Card } from '@/ui/page';
import { Badge } from '@/ui/status';

type Applied = Schemas['Applied'];

async function exported(): Promise<string> {
  const response = await askAdmin('/api/config', { headers: { accept: 'application/yaml' } });
  return response.text();
}

/** What a file would change, and of which version of the configuration that holds. */
interface Checked {
  file: string;
  changes: Applied['changes'];
  etag: string | null;
}

async function send(file: string, dryRun: boolean, etag: string | null = null): Promise<Checked> {
  const response = await askAdmin(`/api/config?dry_run=${dryRun}`, {
    method: 'PUT',
    headers: {
      'content-type': 'application/yaml',
      accept: 'application/json',
      ...(etag ? { 'if-match': etag } : {}),
    },
    body: file,
  });
  const { changes } = (await response.json()) as Applied;
  return { file, changes, etag: response.headers.get('etag') };
}

/** The configuration as one file: look through it, change it, see what would change, and only then apply it. */
export function ConfigFile() {
  const { t } = useLingui();
  const changed = useConfigChanged();
  const [file, setFile] = useState<string | null>(null);
  // As it was loaded: what differs from it would be lost.
  const [loaded, setLoaded] = useState<string | null>(null);
  const [checked, setChecked] = useState<Checked | null>(null);
  const mayDiscard = useUnsavedGuard(file !== loaded);
  const begin = (text: string | null) => {
    setFile(text);
    setLoaded(text);
    setChecked(null);
  };
  const load = useMutation({
    mutationFn: exported,
    onSuccess: begin,
  });
  const check = useMutation({
    mutationFn: (text: string) => send(text, true),
    onSuccess: setChecked,
  });
  const apply = useMutation({
    mutationFn: ({ file, etag }: Checked) => send(file, false, etag),
    onSuccess: ({ changes }) => {
      toast.success(t`Applied: ${changes.length} changes`);
      begin(null);
    },
    // What was shown is no longer what would change.
    onError: () => setChecked(null),
    onSettled: changed,
  });
  const error = load.error ?? check.error ?? apply.error;
  const conflict = error instanceof ApiError && error.status === 412;
  const shown = checked?.file === file ? checked : null;
  return (
    <Card title={t`Configuration file`}>
      <div className="flex flex-col gap-3">
        <p className="text-t2">
          <Trans>
            Everything that is configured, as YAML without secrets. A section that is in the file is the whole truth
            about its subject; one that is not is left alone. A masked secret stays as it is.
          </Trans>
        </p>
        <div className="flex flex-wrap gap-2">
          <Button busy={load.isPending} onClick={() => mayDiscard() && load.mutate()}>
            <Trans>Load what is configured</Trans>
          </Button>
          <label className="tap inline-flex min-h-8 items-center rounded-control border border-edge px-2.5 font-medium has-focus-visible:outline-2 has-focus-visible:outline-acc">
            <Trans>Open a file</Trans>
            <input
              type="file"
              accept=".yaml,.yml,.json"
              className="sr-only"
              onChange={async (event) => {
                const [chosen] = event.target.files ?? [];
                event.target.value = '';
                if (chosen && mayDiscard()) begin(await chosen.text());
              }}
            />
          </label>
          {file !== null && (
            <Button variant="ghost" onClick={() => download(file, 'llmio.yaml', 'application/yaml')}>
              <Trans>Download</Trans>
            </Button>
          )}
        </div>
        {file !== null && (
          <>
            <TextArea
              aria-label={t`Configuration file`}
              rows={20}
              className="font-mono text-meta!"
              value={file}
              onChange={(event) => setFile(event.target.value)}
            />
            <div className="flex flex-wrap items-center gap-2">
              <Button
                variant={shown ? 'secondary' : 'primary'}
                busy={check.isPending}
                onClick={() => {
                  apply.reset();
                  check.mutate(file);
                }}
              >
                <Trans>Show what would change</Trans>
              </Button>
              {shown && shown.changes.length > 0 && (
                <Button variant="primary" busy={apply.isPending} onClick={() => apply.mutate(shown)}>
                  <Trans>Apply</Trans>
                </Button>
              )}
            </div>
          </>
        )}
        {error && (
          <p role="alert" className="break-anywhere whitespace-pre-wrap text-bad">
            {conflict
              ? t`Somebody has changed the configuration since. Nothing was applied: look again at what would change.`
              : error.message}
          </p>
        )}
        {shown && <Changes changes={shown.changes} />}
      </div>
    </Card>
  );
}

function Changes({ changes }: { changes: Applied['changes'] }) {
  const { t } = useLingui();
  const tones = { create: 'ok', update: 'info', delete: 'bad' } as const;
  const words = { create: t`new`, update: t`changed`, delete: t`deleted` };
  const kinds = {
    provider: t`provider`,
    model: t`model`,
    association: t`association`,
    key: t`key`,
    settings: t`settings`,
  };
  if (!changes.length)
    return (
      <p role="status">
        <Trans>Nothing would change.</Trans>
      </p>
    );
  return (
    <div role="status">
      <p className="mb-2 font-medium">
        <Plural value={changes.length} one="# change" other="# changes" />
      </p>
      <ul className="m-0 flex list-none flex-col gap-1 p-0">
        {changes.map((change) => (
          <li key={`${change.kind} ${change.name} ${change.action}`} className="flex flex-wrap items-baseline gap-2">
            <Badge tone={tones[change.action]}>{words[change.action]}</Badge>
            <span className="text-t3">{kinds[change.kind]}</span>
            <span className="break-anywhere font-medium">{change.name}</span>
            {change.fields?.length ? <code className="text-meta text-t2">{change.fields.join(', ')}</code> : null}
          </li>
        ))}
      </ul>
    </div>
  );
}
