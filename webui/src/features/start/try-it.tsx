import { useLingui } from '@lingui/react/macro';
import type { DialectName } from '@/dialects';
import { Answering, useAnswer } from '@/entities/answering';
import type { Model } from '@/entities/config';
import { hello } from '@/entities/inference';
import { Button } from '@/ui/button';
import { Card } from '@/ui/page';

/** One small question, asked with the admin token. */
export function TryIt({ model, served }: { model: Model; served: DialectName[] }) {
  const { t } = useLingui();
  const answer = useAnswer();
  const [dialect] = served;
  const ask = () => dialect && answer.ask(hello(dialect, model.name));
  return (
    <Card
      title={t`Try it`}
      actions={
        answer.busy ? (
          <Button onClick={answer.stop}>{t`Stop`}</Button>
        ) : (
          <Button variant="primary" disabled={!dialect} onClick={ask}>{t`Say hello`}</Button>
        )
      }
    >
      <p className="text-t2">{t`A real request from here, with the administrator's token. It may cost a little.`}</p>
      <Answering answer={answer} />
    </Card>
  );
}
