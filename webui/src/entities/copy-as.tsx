import { Trans, useLingui } from '@lingui/react/macro';
import { useMemo } from 'react';
import { gatewayOrigin } from '@/api/session';
import { CopyMenu } from '@/ui/copy';
import { type Coded, codeOf, languagesOf } from './code';

/** A request as a command, or as code of its dialect's SDK. */
export function CopyAs({ request }: { request: Coded }) {
  const { t } = useLingui();
  const names = {
    curl: 'curl',
    python: t`Python, official SDK`,
    javascript: t`JavaScript or TypeScript, official SDK`,
  };
  const languages = useMemo(() => languagesOf(request.body), [request.body]);
  return (
    <CopyMenu forms={languages.map((it) => ({ label: names[it], text: () => codeOf(request, gatewayOrigin(), it) }))}>
      <Trans>Copy as</Trans>
    </CopyMenu>
  );
}
