import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { gatewayOrigin } from '@/api/session';
import { queries } from '@/entities/config';
import { bytes, number } from '@/lib/format';
import { useChosenZone } from '@/lib/zone';
import { Card, Facts, Page } from '@/ui/page';
import { Loaded } from '@/ui/states';
import { Ago } from '@/ui/time';
import { ConfigFile } from './config-file';
import { GeneralSettings } from './general';
import { Storage } from './storage';
import { ThisBrowser } from './this-browser';

export default function SettingsPage() {
  const { t } = useLingui();
  const settings = useQuery(queries.settings);
  // Times on this page are written anew when another zone is chosen.
  useChosenZone();
  return (
    <Page narrow title={t`Settings`}>
      <Loaded query={settings}>
        {(stored) => (
          <>
            <GeneralSettings stored={stored} />
            <Storage stored={stored} />
          </>
        )}
      </Loaded>
      <ThisBrowser />
      <ConfigFile />
      <About />
    </Page>
  );
}

function About() {
  const { t } = useLingui();
  const version = useQuery(queries.version);
  return (
    <Card title={t`About this gateway`}>
      <Loaded query={version} rows={3}>
        {(it) => (
          <Facts
            items={[
              [t`Version`, it.version],
              [t`Runs as`, `${it.home} · ${it.instance}`],
              [t`Running since`, <Ago key="s" at={it.started_at} />],
              [t`Sign-in`, it.auth === 'token' ? t`by token` : t`open to this computer`],
              [t`Database`, `${it.database} · ${it.schema}`],
              [t`Version of the configuration`, number(it.config_version)],
              [t`Largest request`, bytes(it.limits.body_bytes)],
              [t`Longest recorded body`, bytes(it.limits.body_record_bytes)],
              [t`Address`, <code key="a">{gatewayOrigin()}</code>],
              [
                t`Admin API`,
                <a
                  key="o"
                  className="text-acc hover:underline"
                  href={`${gatewayOrigin()}/api/openapi.json`}
                  target="_blank"
                  rel="noreferrer"
                >
                  <Trans>its OpenAPI document</Trans>
                </a>,
              ],
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}
