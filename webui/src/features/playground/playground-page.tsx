import { Trans, useLingui } from '@lingui/react/macro';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Plus, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Answering, useAnswer } from '@/entities/answering';
import { isPattern, type Model, type Provider, useModels, useProviders } from '@/entities/config';
import { saveOnEnter } from '@/entities/form';
import { type Asked, dialectsOf, reachableIn, requestOf } from '@/entities/inference';
import { dialects } from '@/entities/words';
import { Button, buttonClass, IconButton } from '@/ui/button';
import { Checkbox, Field, Input, Select, TextArea } from '@/ui/field';
import { Page } from '@/ui/page';
import { Empty, Loaded } from '@/ui/states';

const route = getRouteApi('/playground');
const DRAFT = 'llmio.playground';
const COLUMNS = 4;

type Shared = Pick<Asked, 'system' | 'prompt' | 'temperature' | 'maxTokens'>;

/** One question to up to four models at once, streamed side by side. */
export default function PlaygroundPage() {
  const { t } = useLingui();
  const { models: chosen } = route.useSearch();
  const navigate = route.useNavigate();
  const models = useModels();
  const providers = useProviders();
  const [draft, setDraft] = useState(() => {
    try {
      const stored: unknown = JSON.parse(sessionStorage.getItem(DRAFT) ?? '{}');
      return { system: '', prompt: '', temperature: '', maxTokens: '', ...(stored as object) };
    } catch {
      return { system: '', prompt: '', temperature: '', maxTokens: '' };
    }
  });
  useEffect(() => sessionStorage.setItem(DRAFT, JSON.stringify(draft)), [draft]);
  const [wire, setWire] = useState(false);
  const [round, setRound] = useState<{ number: number; shared: Shared } | null>(null);
  const amount = (text: string) => (text.trim() === '' ? null : Number(text));
  const send = () => {
    if (!draft.prompt.trim()) return;
    setRound({
      number: (round?.number ?? 0) + 1,
      shared: {
        system: draft.system,
        prompt: draft.prompt,
        temperature: amount(draft.temperature),
        maxTokens: amount(draft.maxTokens),
      },
    });
  };
  return (
    <Page title={t`Playground`} intro={t`Real requests, with the administrator's token; they cost what they cost.`}>
      <Loaded query={models}>
        {(all) => {
          const usable = all.filter((it) => it.enabled && !isPattern(it.name) && it.associations.length > 0);
          if (!usable.length)
            return (
              <Empty
                action={
                  <Link to="/models" className={buttonClass('primary')}>
                    <Trans>To the models</Trans>
                  </Link>
                }
              >
                <Trans>No model that could be used here is served by anybody yet.</Trans>
              </Empty>
            );
          const names = (chosen ?? []).filter((name) => usable.some((it) => it.name === name));
          const columns = names.length ? names : usable.slice(0, 1).map((it) => it.name);
          const choose = (next: string[]) => navigate({ to: '/playground', search: { models: next }, replace: true });
          return (
            <>
              <form
                className="flex flex-col gap-3"
                onSubmit={(event) => {
                  event.preventDefault();
                  send();
                }}
                onKeyDown={saveOnEnter(send)}
              >
                <Field label={t`Prompt`} hint={t`⌘ Enter or Ctrl Enter sends.`}>
                  {(props) => (
                    <TextArea
                      {...props}
                      rows={4}
                      value={draft.prompt}
                      onChange={(event) => setDraft({ ...draft, prompt: event.target.value })}
                    />
                  )}
                </Field>
                <details className="rounded-card border border-line px-3 py-2">
                  <summary className="font-medium">
                    <Trans>System prompt and settings</Trans>
                  </summary>
                  <div className="flex flex-col gap-3 pt-3">
                    <Field label={t`System prompt`}>
                      {(props) => (
                        <TextArea
                          {...props}
                          value={draft.system}
                          onChange={(event) => setDraft({ ...draft, system: event.target.value })}
                        />
                      )}
                    </Field>
                    <div className="flex flex-wrap gap-4">
                      <Field label={t`Temperature`} hint={t`Empty: the model's own.`}>
                        {(props) => (
                          <Input
                            {...props}
                            type="number"
                            min={0}
                            max={2}
                            step="any"
                            className="w-32!"
                            value={draft.temperature}
                            onChange={(event) => setDraft({ ...draft, temperature: event.target.value })}
                          />
                        )}
                      </Field>
                      <Field label={t`Most tokens`} hint={t`Empty: the model's own.`}>
                        {(props) => (
                          <Input
                            {...props}
                            type="number"
                            min={1}
                            step={1}
                            className="w-32!"
                            value={draft.maxTokens}
                            onChange={(event) => setDraft({ ...draft, maxTokens: event.target.value })}
                          />
                        )}
                      </Field>
                    </div>
                  </div>
                </details>
                <div className="flex flex-wrap items-center gap-3">
                  <Button type="submit" variant="primary" disabled={!draft.prompt.trim()}>
                    <Trans>Send</Trans>
                  </Button>
                  {columns.length < COLUMNS && (
                    <Button
                      onClick={() =>
                        choose([...columns, usable.find((it) => !columns.includes(it.name))?.name ?? columns[0] ?? ''])
                      }
                    >
                      <Plus size={14} />
                      <Trans>Another model beside it</Trans>
                    </Button>
                  )}
                  <Checkbox
                    label={t`As on the wire`}
                    checked={wire}
                    onChange={(event) => setWire(event.target.checked)}
                  />
                </div>
              </form>
              <div className="grid gap-4 [grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr))]">
                {columns.map((name, index) => (
                  <Column
                    // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place; the same model may stand in two
                    key={index}
                    models={usable}
                    providers={providers.data ?? []}
                    name={name}
                    round={round}
                    wire={wire}
                    onName={(next) => choose(columns.map((it, at) => (at === index ? next : it)))}
                    onClose={columns.length > 1 ? () => choose(columns.filter((_, at) => at !== index)) : undefined}
                  />
                ))}
              </div>
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

interface ColumnProps {
  models: Model[];
  providers: Provider[];
  name: string;
  round: { number: number; shared: Shared } | null;
  wire: boolean;
  onName: (name: string) => void;
  onClose?: (() => void) | undefined;
}

function Column({ models, providers, name, round, wire, onName, onClose }: ColumnProps) {
  const { t } = useLingui();
  const answer = useAnswer();
  const model = models.find((it) => it.name === name);
  const served = model ? dialectsOf(model, providers) : [];
  const offered = model ? reachableIn(model, providers) : [];
  const [wanted, setWanted] = useState('');
  const dialect = offered.find((it) => it === wanted) ?? offered[0];
  const ask = useRef(() => {});
  ask.current = () => {
    if (round && dialect) answer.ask(requestOf({ ...round.shared, dialect, model: name }));
  };
  const number = round?.number ?? 0;
  const answered = useRef(number);
  useEffect(() => {
    if (number === answered.current) return;
    answered.current = number;
    ask.current();
  }, [number]);
  return (
    <section aria-label={name} className="min-w-0 rounded-card border border-line p-3">
      <div className="flex flex-wrap items-center gap-2">
        <Select
          aria-label={t`Model`}
          className="min-w-32 flex-1"
          value={name}
          onChange={(event) => onName(event.target.value)}
        >
          {models.map((it) => (
            <option key={it.id} value={it.name}>
              {it.name}
            </option>
          ))}
        </Select>
        <Select
          aria-label={t`Dialect`}
          className="w-auto!"
          value={dialect ?? ''}
          onChange={(event) => setWanted(event.target.value)}
        >
          {offered.map((it) => (
            <option key={it} value={it}>
              {served.includes(it) ? dialects[it] : t`${dialects[it]}, translated`}
            </option>
          ))}
        </Select>
        {answer.busy && <Button onClick={answer.stop}>{t`Stop`}</Button>}
        {onClose && <IconButton label={t`Take ${name} away`} icon={<X size={14} />} onClick={onClose} />}
      </div>
      <Answering answer={answer} wire={wire} />
    </section>
  );
}
