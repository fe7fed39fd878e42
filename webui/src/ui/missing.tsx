import { useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { Page } from './page';
import { Empty, Loaded, type Query } from './states';

interface MissingProps {
  title: string;
  /** The list in which it is not. */
  query: Query<unknown>;
  /** Leads to what there is. */
  action: ReactNode;
}

/** The page of something whose list has not come yet, or does not have it. */
export function Missing({ title, query, action }: MissingProps) {
  const { t } = useLingui();
  return (
    <Page title={title}>
      <Loaded query={query}>
        {() => <Empty action={action}>{t`There is none with this id; it may have been deleted.`}</Empty>}
      </Loaded>
    </Page>
  );
}
