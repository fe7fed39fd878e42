import { Trans, useLingui } from '@lingui/react/macro';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useEffect, useState } from 'react';
import { readTools } from '@/dialects/tools';
import { isUsable, useModels, useProviders } from '@/entities/config';
import { saveOnEnter } from '@/entities/form';
import { Button, buttonClass } from '@/ui/button';
import { Checkbox, Field, Input, More, TextArea } from '@/ui/field';
import { Page } from '@/ui/page';
import { Empty, Loaded } from '@/ui/states';
import { Column, type Round } from './column';

const route = getRouteApi('/playground');
const DRAFT = 'llmio.playground';
const COLUMNS = 4;

const EMPTY = { system: '', prompt: '', temperature: '', maxTokens: '', tools: '' };

const EXAMPLE = {
  name: 'get_weather',
  description: 'The weather of a city, now.',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

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
      return { ...EMPTY, ...(stored as object) };
    } catch {
      return EMPTY;
    }
  });
  useEffect(() => sessionStorage.setItem(DRAFT, JSON.stringify(draft)), [draft]);
  const [wire, setWire] = useState(false);
  const [round, setRound] = useState<Round | null>(null);
  const tools = readTools(draft.tools);
  const amount = (text: string) => (text.trim() === '' ? null : Number(text));
  const send = () => {
    if (!draft.prompt.trim() || !tools) return;
    setRound({
      number: (round?.number ?? 0) + 1,
      shared: {
        system: draft.system,
        prompt: draft.prompt,
        temperature: amount(draft.temperature),
        maxTokens: amount(draft.maxTokens),
        tools,
      },
    });
  };
  return (
    <Page title={t`Playground`} intro={t`Real requests, with the administrator's token; they cost what they cost.`}>
      <Loaded query={models}>
        {(all) => {
          const usable = all.filter(isUsable);
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
                <More title={t`System prompt, tools and settings`} wanted={!tools}>
                  <Field label={t`System prompt`}>
                    {(props) => (
                      <TextArea
                        {...props}
                        value={draft.system}
                        onChange={(event) => setDraft({ ...draft, system: event.target.value })}
                      />
                    )}
                  </Field>
                  <Field
                    label={t`Tools`}
                    hint={t`A JSON list of what the model may call, each with name, description and parameters. You give the results.`}
                    error={tools ? undefined : t`This is no JSON list of tools with names.`}
                  >
                    {(props) => (
                      <TextArea
                        {...props}
                        rows={draft.tools ? 8 : 3}
                        className="font-mono"
                        value={draft.tools}
                        onChange={(event) => setDraft({ ...draft, tools: event.target.value })}
                      />
                    )}
                  </Field>
                  {!draft.tools.trim() && (
                    <div>
                      <Button onClick={() => setDraft({ ...draft, tools: JSON.stringify([EXAMPLE], null, 2) })}>
                        <Trans>Fill in an example</Trans>
                      </Button>
                    </div>
                  )}
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
                </More>
                <div className="flex flex-wrap items-center gap-3">
                  <Button type="submit" variant="primary" disabled={!draft.prompt.trim() || !tools}>
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
