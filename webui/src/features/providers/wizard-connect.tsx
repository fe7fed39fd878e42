import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useRef } from 'react';
import type { UseFormReturn } from 'react-hook-form';
import type { Schemas } from '@/api/client';
import { Button } from '@/ui/button';
import { Notice } from '@/ui/status';
import { ProviderFields, type ProviderForm } from './provider-fields';
import { type Template, templates } from './templates';

interface ConnectProps {
  form: UseFormReturn<ProviderForm>;
  fill: (template: Template) => void;
  /** What came of asking it for its models, if that went wrong. */
  failed: Schemas['ProviderReach'] | null;
}

/** Where the provider is, and by which key. */
export function Connect({ form, fill, failed }: ConnectProps) {
  const begun = useRef<HTMLUListElement>(null);
  // It begins where one would; by finger that would look like a choice that was made.
  useEffect(() => {
    if (!matchMedia('(pointer: coarse)').matches) begun.current?.querySelector('button')?.focus();
  }, []);
  return (
    <>
      <div>
        <p id="templates" className="mb-1.5 text-t2">
          <Trans>Begin with one of these, or fill in your own.</Trans>
        </p>
        <ul ref={begun} aria-labelledby="templates" className="m-0 flex list-none flex-wrap gap-1.5 p-0">
          {templates.map((template) => (
            <li key={template.name}>
              <Button onClick={() => fill(template)}>{template.name}</Button>
            </li>
          ))}
        </ul>
      </div>
      <ProviderFields form={form} />
      {failed && <Failed reach={failed} address={form.watch('base_url')} />}
    </>
  );
}

/** Why the provider did not answer well, and what helps. */
function Failed({ reach, address }: { reach: Schemas['ProviderReach']; address: string }) {
  const { t } = useLingui();
  const versioned = /\/v\d[^/]*\/?$/.test(address);
  const help =
    reach.status === null
      ? t`Nobody answered there: see the address, the proxy, and whether the gateway can reach it.`
      : reach.status === 401 || reach.status === 403
        ? t`It does not know the key: copy it again, and see that it belongs to this address.`
        : reach.status === 404
          ? versioned
            ? t`There is nothing at this address: see its path.`
            : t`There is nothing at this address: most end in /v1.`
          : t`It was reached, but gives no list. If it has none, go on and type the names.`;
  const box = useRef<HTMLDivElement>(null);
  // Above the buttons, wherever the form was scrolled to.
  useEffect(() => {
    box.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  return (
    <div ref={box} role="alert" className="scroll-mb-4">
      <Notice tone="bad">
        <p className="font-medium">{help}</p>
        {reach.error && <p className="break-anywhere mt-1 text-meta">{reach.error}</p>}
      </Notice>
    </div>
  );
}
