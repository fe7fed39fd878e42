import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import type { Call } from '@/dialects/tools';
import { saveOnEnter } from '@/entities/form';
import { Button } from '@/ui/button';
import { Field, TextArea } from '@/ui/field';

/** What the model has called, to be answered by hand. */
export function ToolResults({
  calls,
  busy,
  onSend,
}: {
  calls: Call[];
  busy: boolean;
  onSend: (results: string[]) => void;
}) {
  const { t } = useLingui();
  const [results, setResults] = useState(() => calls.map(() => ''));
  const send = () => !busy && onSend(results);
  return (
    <form
      aria-label={t`Results of the tools`}
      className="mt-3 flex flex-col gap-3 rounded-card border border-line px-3 py-2"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onKeyDown={saveOnEnter(send)}
    >
      {calls.map((call, index) => (
        <Field
          // biome-ignore lint/suspicious/noArrayIndexKey: a call is its place
          key={index}
          label={t`Result of ${call.name}`}
          hint={<code className="break-anywhere">{JSON.stringify(call.input)}</code>}
        >
          {(props) => (
            <TextArea
              {...props}
              className="font-mono"
              value={results[index]}
              onChange={(event) => setResults(results.with(index, event.target.value))}
            />
          )}
        </Field>
      ))}
      <div>
        <Button type="submit" variant="primary" busy={busy}>
          <Trans>Send the results</Trans>
        </Button>
      </div>
    </form>
  );
}
