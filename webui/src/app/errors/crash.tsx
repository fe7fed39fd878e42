import { Trans, useLingui } from '@lingui/react/macro';
import type { ErrorComponentProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Button } from '@/ui/button';
import { CopyButton } from '@/ui/copy';
import { Page } from '@/ui/page';

/** A page that failed says so; the navigation around it goes on. */
export function Crash({ error: thrown }: ErrorComponentProps): ReactNode {
  const { t } = useLingui();
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return (
    <Page title={t`This page has failed`}>
      <p className="break-anywhere text-bad">{error.message}</p>
      <div className="flex gap-2">
        <Button variant="primary" onClick={() => location.reload()}>
          <Trans>Load it again</Trans>
        </Button>
        <CopyButton text={`${error.message}\n${error.stack ?? ''}\n${location.pathname}`}>
          <Trans>Copy details</Trans>
        </CopyButton>
      </div>
    </Page>
  );
}
