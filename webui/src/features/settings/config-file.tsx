import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import { ask, errorOf, type Schemas } from '@/api/client';
import { useConfigChanged } from '@/entities/config';
import { Button } from '@/ui/button';
import { TextArea } from '@/ui/field';
import { Card } from '@/ui/page';
import { Badge } from '@/ui/status';

type Applied = Schemas['Applied'];

async function exported(): Promise<string> {
  const response = await ask('/api/config', { headers: { accept: 'application/yaml' } });
  if (!response.ok) throw await errorOf(response);
  return response.text();
}

async function applied(file: string, dryRun: boolean): Promise<Applied> {
  const response = await ask(`/api/config?dry_run=${dryRun}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/yaml', accept: 'application/json' },
    body: file,
  });
  if (!response.ok) throw await errorOf(response);
  return (await response.json()) as Applied;
}

/** The configuration as one file: look through it, change it, see what would change, and only then apply it. */
export function ConfigFile() {
  const { t } = useLingui();
  const changed = useConfigChanged();
  const [file, setFile] = useState<string | null>(null);
  const [checked, setChecked] = useState<{ file: string; changes: Applied['changes'] } | null>(null);
  const load = useMutation({
    mutationFn: exported,
    onSuccess: (text) => {
      setFile(text);
      setChecked(null);
    },
  });
  const check = useMutation({
    mutationFn: (text: string) => applied(text, true),
    onSuccess: ({ changes }, text) => setChecked({ file: text, changes }),
  });
  const apply = useMutation({
    mutationFn: (text: string) => applied(text, false),
    onSuccess: ({ changes }) => {
      toast.success(t`Applied: ${changes.length} changes`);
      setChecked(null);
      setFile(null);
    },
    onSettled: changed,
  });
  const error = load.error ?? check.error ?? apply.error;
  const changes = checked?.file === file ? checked?.changes : undefined;
  const download = () => {
    const url = URL.createObjectURL(new Blob([file ?? ''], { type: 'application/yaml' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = 'llmio.yaml';
    link.click();
    URL.revokeObjectURL(url);
  };
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
          <Button busy={load.isPending} onClick={() => load.mutate()}>
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
                if (chosen) setFile(await chosen.text());
              }}
            />
          </label>
          {file !== null && (
            <Button variant="ghost" onClick={download}>
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
                variant={changes ? 'secondary' : 'primary'}
                busy={check.isPending}
                onClick={() => check.mutate(file)}
              >
                <Trans>Show what would change</Trans>
              </Button>
              {changes && changes.length > 0 && (
                <Button variant="primary" busy={apply.isPending} onClick={() => apply.mutate(file)}>
                  <Trans>Apply</Trans>
                </Button>
              )}
            </div>
          </>
        )}
        {error && (
          <p role="alert" className="break-anywhere whitespace-pre-wrap text-bad">
            {error.message}
          </p>
        )}
        {changes && <Changes changes={changes} />}
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
