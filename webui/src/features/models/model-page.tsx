import { Trans, useLingui } from '@lingui/react/macro';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Dices, FlaskConical, Pencil, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { isOn, type Model, named, useModelsNow } from '@/entities/config';
import { strategies } from '@/entities/words';
import { duration, number } from '@/lib/format';
import { Button, buttonClass } from '@/ui/button';
import { CopyButton } from '@/ui/copy';
import { Select } from '@/ui/field';
import { Missing } from '@/ui/missing';
import { Card, Facts, Page } from '@/ui/page';
import { Empty } from '@/ui/states';
import { Notice } from '@/ui/status';
import { AssociationDialog } from './association-dialog';
import { Associations } from './associations';
import { ModelDialog } from './model-dialog';
import { DeleteModel, Enabled } from './models-page';
import { SimulateDialog } from './simulate-dialog';
import { TestAllDialog } from './test-all-dialog';

const route = getRouteApi('/models/$id');

export default function ModelPage() {
  const { t } = useLingui();
  const { id } = route.useParams();
  const query = useModelsNow();
  const found = query.data?.find((model) => model.id === id);
  if (found) return <Detail key={found.id} model={found} models={query.data ?? []} />;
  return (
    <Missing
      title={t`Model`}
      query={query}
      action={
        <Link to="/models" className={buttonClass()}>
          <Trans>All models</Trans>
        </Link>
      }
    />
  );
}

function Detail({ model, models }: { model: Model; models: Model[] }) {
  const { t, i18n } = useLingui();
  const { add } = route.useSearch();
  const navigate = route.useNavigate();
  const [editing, setEditing] = useState(false);
  const [testing, setTesting] = useState(false);
  const [simulating, setSimulating] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const openAdd = () => navigate({ search: { add: true } });
  const limit = (seconds: number | null) => (seconds ? duration(seconds * 1000) : t`usual`);
  return (
    <Page
      title={model.name}
      intro={
        <span className="inline-flex flex-wrap items-center gap-2">
          <Link to="/models" className="text-acc hover:underline">
            <Trans>All models</Trans>
          </Link>
          <CopyButton text={model.name} label={t`Copy the name`} />
          <Select
            aria-label={t`Go to another model`}
            className="w-auto! max-w-60"
            value={model.id}
            onChange={(event) => navigate({ to: '/models/$id', params: { id: event.target.value }, search: {} })}
          >
            {models.map((it) => (
              <option key={it.id} value={it.id}>
                {named(it.name, it.enabled)}
              </option>
            ))}
          </Select>
        </span>
      }
      actions={
        <>
          <Link to="/logs" search={{ model: model.name }} className={buttonClass()}>
            <Trans>Its requests</Trans>
          </Link>
          {model.associations.length > 0 && (
            <>
              <Button onClick={() => setSimulating(true)}>
                <Dices size={14} />
                <Trans>Simulate</Trans>
              </Button>
              <Button onClick={() => setTesting(true)}>
                <FlaskConical size={14} />
                <Trans>Test all</Trans>
              </Button>
            </>
          )}
          <Button onClick={() => setEditing(true)}>
            <Pencil size={14} />
            <Trans>Edit</Trans>
          </Button>
          <Button variant="danger" onClick={() => setDeleting(true)}>
            <Trash2 size={14} />
            <Trans>Delete</Trans>
          </Button>
          <Button variant="primary" onClick={openAdd}>
            <Plus size={14} />
            <Trans>Association</Trans>
          </Button>
        </>
      }
    >
      {model.enabled && model.associations.length > 0 && !model.associations.some(isOn) && (
        <Notice tone="bad">
          <Trans>Nobody who serves this model is switched on: its clients get an error.</Trans>
        </Notice>
      )}
      <Card title={i18n._(strategies[model.strategy].name)} actions={<Enabled model={model} />}>
        <p className="mb-3 text-t2">{i18n._(strategies[model.strategy].does)}</p>
        <div className="grid gap-x-8 gap-y-1.5 md:grid-cols-2">
          <Facts
            items={[
              [t`Retries`, number(model.max_retry)],
              [t`Breaker`, model.breaker ? t`on` : t`off`],
              [t`Affinity`, model.affinity ? t`on` : t`off`],
              [t`Prefer the client's dialect`, model.prefer_same_dialect ? t`on` : t`off`],
              [t`Strict mode`, model.strict ? t`on` : t`off`],
              [
                t`Note`,
                model.note ? (
                  <span key="n" className="whitespace-pre-wrap">
                    {model.note}
                  </span>
                ) : (
                  '–'
                ),
              ],
            ]}
          />
          <Facts
            items={[
              [t`Until the answer begins`, limit(model.time_out)],
              [t`Until the head of an answer`, limit(model.header_timeout)],
              [t`From the head to the first output`, limit(model.first_token_timeout)],
              [t`Of silence in a stream`, limit(model.idle_timeout)],
            ]}
          />
        </div>
      </Card>
      {model.associations.length ? (
        <Associations model={model} />
      ) : (
        <Empty
          action={
            <Button variant="primary" onClick={openAdd}>
              <Trans>Add an association</Trans>
            </Button>
          }
        >
          <Trans>Nothing serves this model yet. An association says which provider does, and under which name.</Trans>
        </Empty>
      )}
      {add && <AssociationDialog model={model} onClose={() => navigate({ search: {}, replace: true })} />}
      {simulating && <SimulateDialog model={model} onClose={() => setSimulating(false)} />}
      {testing && <TestAllDialog model={model} onClose={() => setTesting(false)} />}
      {editing && <ModelDialog model={model} onClose={() => setEditing(false)} />}
      {deleting && (
        <DeleteModel model={model} onClose={() => setDeleting(false)} onDeleted={() => navigate({ to: '/models' })} />
      )}
    </Page>
  );
}
