import { Trans, useLingui } from '@lingui/react/macro';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { gatewayOrigin } from '@/api/session';
import { isUsable, useKeys, useModels, useProviders } from '@/entities/config';
import { dialectsOf } from '@/entities/inference';
import { dialects } from '@/entities/words';
import { buttonClass } from '@/ui/button';
import { Field, Select } from '@/ui/field';
import { Page } from '@/ui/page';
import { Empty, Loaded, together } from '@/ui/states';
import { Notice } from '@/ui/status';
import { clients } from './clients';
import { Received } from './received';
import { Told } from './told';
import { TryIt } from './try-it';

const route = getRouteApi('/start');

/** From a key and a model to a client's first answered request. */
export default function StartPage() {
  const { t } = useLingui();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = together(useModels(), useProviders(), useKeys());
  const [keyId, setKeyId] = useState('');
  const client = clients.find((it) => it.id === search.client) ?? clients[0];
  const origin = gatewayOrigin();
  if (!client) return null;
  return (
    <Page narrow title={t`Quick start`} intro={t`What a client must be told: an address, a key, a model.`}>
      <Loaded query={query}>
        {([all, providers, keys]) => {
          const key = keys.find((it) => it.id === keyId);
          const usable = all.filter((it) => isUsable(it) && (!key?.models || key.models.includes(it.name)));
          const model =
            usable.find((it) => it.name === search.model) ??
            usable.find((it) => dialectsOf(it, providers).includes(client.dialect)) ??
            usable[0];
          const served = model ? dialectsOf(model, providers) : [];
          return (
            <>
              <div className="grid gap-4 md:grid-cols-3">
                <Field
                  label={t`Key`}
                  hint={t`Only its models are offered. The key itself is shown nowhere: put it into LLMIO_API_KEY.`}
                >
                  {(props) => (
                    <Select {...props} value={keyId} onChange={(event) => setKeyId(event.target.value)}>
                      <option value="">{t`any`}</option>
                      {keys
                        .filter((it) => it.enabled && (!it.expires_at || new Date(it.expires_at) > new Date()))
                        .map((it) => (
                          <option key={it.id} value={it.id}>
                            {it.name}
                          </option>
                        ))}
                    </Select>
                  )}
                </Field>
                <Field label={t`Model`}>
                  {(props) => (
                    <Select
                      {...props}
                      value={model?.name ?? ''}
                      onChange={(event) =>
                        navigate({ to: '/start', search: { ...search, model: event.target.value }, replace: true })
                      }
                    >
                      {usable.map((it) => (
                        <option key={it.id} value={it.name}>
                          {it.name}
                        </option>
                      ))}
                    </Select>
                  )}
                </Field>
                <Field label={t`Client`}>
                  {(props) => (
                    <Select
                      {...props}
                      value={client.id}
                      onChange={(event) =>
                        navigate({ to: '/start', search: { ...search, client: event.target.value }, replace: true })
                      }
                    >
                      {clients.map((it) => (
                        <option key={it.id} value={it.id}>
                          {it.name}
                        </option>
                      ))}
                    </Select>
                  )}
                </Field>
              </div>
              {keys.length === 0 && (
                <Notice
                  tone="warn"
                  action={
                    <Link to="/keys" search={{ add: true }} className={buttonClass()}>
                      <Trans>Create a key</Trans>
                    </Link>
                  }
                >
                  <Trans>There is no key yet.</Trans>
                </Notice>
              )}
              {!model ? (
                <Empty
                  action={
                    <Link to="/models" className={buttonClass('primary')}>
                      <Trans>To the models</Trans>
                    </Link>
                  }
                >
                  <Trans>No model that could be used here is served by anybody yet.</Trans>
                </Empty>
              ) : (
                <>
                  {!served.includes(client.dialect) && (
                    <Notice tone="info">
                      <Trans>
                        {client.name} speaks {dialects[client.dialect]}; for {model.name} that is translated.
                      </Trans>
                    </Notice>
                  )}
                  <Told client={client} wanted={{ origin, model: model.name }} />
                  <TryIt key={model.id} model={model} served={served} />
                  <Received key={key?.id} keyOf={key} />
                </>
              )}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}
