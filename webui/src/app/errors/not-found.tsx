import { Trans, useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { buttonClass } from '@/ui/button';
import { Page } from '@/ui/page';
import { Empty } from '@/ui/states';

export function NotFound(): ReactNode {
  const { t } = useLingui();
  return (
    <Page title={t`There is no such page`}>
      <Empty
        action={
          <Link to="/" className={buttonClass('primary')}>
            <Trans>To the dashboard</Trans>
          </Link>
        }
      >
        <Trans>The address may have a typing error, or what it named is no longer there.</Trans>
      </Empty>
    </Page>
  );
}
