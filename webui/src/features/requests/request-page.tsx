import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { answerOf, questionOf } from '@/dialects';
import { Conversation } from '@/entities/conversation';
import { CopyAs } from '@/entities/copy-as';
import { DecisionTable } from '@/entities/decision';
import { pathOf } from '@/entities/inference';
import { type LogDetail, logDetail } from '@/entities/logs';
import { dialects, providerTypes } from '@/entities/words';
import { bytes, dateTime, duration, number } from '@/lib/format';
import { rangeSince } from '@/lib/time-range';
import { buttonClass } from '@/ui/button';
import { CopyButton } from '@/ui/copy';
import { JsonView, RawText } from '@/ui/json-view';
import { Card, Facts, Page } from '@/ui/page';
import { Empty, Loaded } from '@/ui/states';
import { Badge, Notice } from '@/ui/status';
import { Tabs } from '@/ui/tabs';
import { SendAgain } from './send-again';
import { Headline, TokensAndCost } from './summary';
import { Timeline } from './timeline';

const route = getRouteApi('/logs/$id');

export default function RequestPage() {
  const { t } = useLingui();
  const { id } = route.useParams();
  const query = useQuery(logDetail(id));
  return (
    <Page
      title={t`Request`}
      intro={
        <span className="inline-flex flex-wrap items-center gap-2">
          <Link
            to="/logs"
            search={query.data ? rangeSince(query.data.created_at) : {}}
            className="text-acc hover:underline"
          >
            <Trans>All requests</Trans>
          </Link>
          <code className="text-meta">{id}</code>
          <CopyButton text={id} label={t`Copy the id`} />
        </span>
      }
      actions={query.data && <Actions log={query.data} />}
    >
      <Loaded query={query}>
        {(log) => (
          <>
            <Headline log={log} />
            <div className="grid gap-4 lg:grid-cols-2">
              <Card title={t`Timeline`}>
                <Timeline log={log} />
              </Card>
              <Card title={t`Tokens and cost`}>
                <TokensAndCost log={log} />
              </Card>
            </div>
            {log.decision && <DecisionTable decision={log.decision} />}
            <Bodies log={log} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Actions({ log }: { log: LogDetail }) {
  const { t } = useLingui();
  return (
    <>
      {log.previous_id && (
        <Link to="/logs/$id" params={{ id: log.previous_id }} className={buttonClass('ghost')}>
          ‹ {t`before it in the session`}
        </Link>
      )}
      {log.next_id && (
        <Link to="/logs/$id" params={{ id: log.next_id }} className={buttonClass('ghost')}>
          {t`after it in the session`} ›
        </Link>
      )}
      <Link
        to="/logs"
        search={{ ...rangeSince(log.created_at, '90d'), trace: log.trace_id, attempts: 'all' }}
        className={buttonClass()}
      >
        <Trans>All its attempts</Trans>
      </Link>
      {log.bodies && (
        <CopyAs
          request={{
            dialect: log.dialect,
            path: pathOf(log.dialect, log.model, log.stream, log.operation === 'count_tokens'),
            body: log.bodies.request ?? '{}',
          }}
        />
      )}
    </>
  );
}

type Tab = 'conversation' | 'request' | 'response' | 'translation' | 'details' | 'again';

function Bodies({ log }: { log: LogDetail }) {
  const { t } = useLingui();
  const { tab } = route.useSearch();
  const navigate = route.useNavigate();
  const read = useMemo(
    () =>
      log.bodies && {
        question: questionOf(log.dialect, log.bodies.request),
        answer: answerOf(log.dialect, log.bodies.response),
      },
    [log],
  );
  const tabs: { id: Tab; name: React.ReactNode }[] = [
    { id: 'conversation', name: t`Conversation` },
    { id: 'request', name: t`Request` },
    { id: 'response', name: t`Response` },
    ...(log.translation.length
      ? [{ id: 'translation' as const, name: t`Translation (${log.translation.length})` }]
      : []),
    { id: 'details', name: t`Details` },
    ...(log.bodies && log.operation === 'generate' ? [{ id: 'again' as const, name: t`Send again` }] : []),
  ];
  const active = tabs.find((it) => it.id === tab)?.id ?? (log.bodies ? 'conversation' : 'details');
  const choose = (next: Tab) => navigate({ search: { tab: next }, replace: true });
  return (
    <Tabs label={t`Parts of the request`} tabs={tabs} active={active} onChange={choose}>
      {active === 'details' ? (
        <Details log={log} />
      ) : active === 'translation' ? (
        <Translation log={log} />
      ) : !log.bodies ? (
        <NoBodies log={log} />
      ) : active === 'again' ? (
        <SendAgain log={log} original={read?.answer ?? null} />
      ) : active === 'conversation' ? (
        <>
          <Cut log={log} />
          <Conversation question={read?.question ?? null} answer={read?.answer?.answer ?? null} />
        </>
      ) : active === 'request' ? (
        <>
          <Cut log={log} />
          <Body text={log.bodies.request} name={`request-${log.id}.json`} />
        </>
      ) : (
        <>
          <Cut log={log} />
          <Response log={log} read={read?.answer ?? null} />
        </>
      )}
    </Tabs>
  );
}

function Cut({ log }: { log: LogDetail }) {
  if (!log.request_truncated && !log.response_truncated) return null;
  return (
    <div className="mb-3">
      <Notice tone="warn">
        {log.request_truncated && log.response_truncated ? (
          <Trans>Both bodies were too long to be recorded whole; these are their beginnings.</Trans>
        ) : log.request_truncated ? (
          <Trans>The request was too long to be recorded whole; this is its beginning.</Trans>
        ) : (
          <Trans>The answer was too long to be recorded whole; this is its beginning.</Trans>
        )}
      </Notice>
    </div>
  );
}

function NoBodies({ log }: { log: LogDetail }) {
  const { t } = useLingui();
  return (
    <Empty
      action={
        <Link to="/keys" search={log.key_name ? { q: log.key_name } : {}} className={buttonClass()}>
          <Trans>To the keys</Trans>
        </Link>
      }
    >
      {log.key_id
        ? t`The bodies of this request were not recorded: its key does not ask for it.`
        : t`The bodies of this request were not recorded: it came without a client key.`}
    </Empty>
  );
}

/** Pretty where it is JSON of a bearable size, and always as it came. */
function Body({ text, name }: { text: string; name: string }) {
  const json = useMemo(() => {
    if (text.length > 2 * 1024 * 1024) return undefined;
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  }, [text]);
  return (
    <div className="grid gap-4 xl:grid-cols-2">
      {json !== undefined && (
        <div className="min-w-0 rounded-card border border-line p-3">
          <JsonView value={json} />
        </div>
      )}
      <div className="min-w-0">
        <RawText text={text} name={name} />
      </div>
    </div>
  );
}

function Response({ log, read }: { log: LogDetail; read: ReturnType<typeof answerOf> }) {
  const { t } = useLingui();
  const text = log.bodies?.response ?? '';
  if (!text) return <Empty>{t`Nothing was answered.`}</Empty>;
  if (!read?.events.length) return <Body text={text} name={`response-${log.id}.json`} />;
  return (
    <div className="flex flex-col gap-4">
      <div className="grid gap-4 xl:grid-cols-2">
        <Card title={t`Merged from ${read.events.length} events`}>
          <JsonView value={read.whole} />
        </Card>
        <Card title={t`Events`}>
          <ol className="m-0 max-h-[60dvh] list-none overflow-y-auto p-0">
            {read.events.slice(0, 2000).map((event, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: an event is its place
              <li key={index} className="flex gap-2 border-line border-b py-1">
                <span className="w-10 shrink-0 text-end text-meta text-t3">{index + 1}</span>
                <div className="min-w-0 flex-1">
                  {event.name && <Badge>{event.name}</Badge>}
                  {event.json !== undefined ? (
                    <JsonView value={event.json} open={0} />
                  ) : (
                    <code className="break-anywhere text-meta">{event.data}</code>
                  )}
                </div>
              </li>
            ))}
          </ol>
        </Card>
      </div>
      <RawText text={text} name={`response-${log.id}.txt`} />
    </div>
  );
}

function Translation({ log }: { log: LogDetail }) {
  const { t } = useLingui();
  const words = { approximated: t`approximated`, dropped: t`left out`, refused: t`refused` };
  const tones = { approximated: 'info', dropped: 'warn', refused: 'bad' } as const;
  return (
    <>
      {log.provider_type && (
        <p className="mb-3 text-t2">
          {t`Asked in ${dialects[log.dialect]}, sent on in ${providerTypes[log.provider_type]}. What did not go along as it was:`}
        </p>
      )}
      <ul className="m-0 flex list-none flex-col gap-2 p-0">
        {log.translation.map((it) => (
          <li key={`${it.path} ${it.kind}`} className="rounded-card border border-line p-3">
            <div className="flex flex-wrap items-baseline gap-2">
              <Badge tone={tones[it.kind]}>{words[it.kind]}</Badge>
              <code className="break-anywhere">{it.path}</code>
            </div>
            {(it.from || it.to) && (
              <p className="break-anywhere mt-1 font-mono text-meta">
                {it.from ?? '–'} → {it.to ?? '–'}
              </p>
            )}
            {it.note && <p className="break-anywhere mt-1 text-t2">{it.note}</p>}
          </li>
        ))}
      </ul>
    </>
  );
}

function Details({ log }: { log: LogDetail }) {
  const { t } = useLingui();
  const differs = log.answered_model && log.provider_model && log.answered_model !== log.provider_model;
  return (
    <Facts
      items={[
        [t`Arrived`, dateTime(log.created_at)],
        [t`Trace`, <code key="t">{log.trace_id}</code>],
        [t`Session`, log.session_id ? <code key="s">{log.session_id}</code> : '–'],
        [t`Model asked for`, <code key="m">{log.model}</code>],
        [t`Provider's model`, log.provider_model ? <code key="pm">{log.provider_model}</code> : '–'],
        [
          t`Model that answered`,
          <span key="am" className={differs ? 'text-warn' : ''}>
            {log.answered_model ?? '–'} {differs && t`(another than asked)`}
          </span>,
        ],
        ...(log.replay_of
          ? [
              [
                t`Sent again from`,
                <Link
                  key="r"
                  to="/logs/$id"
                  params={{ id: log.replay_of }}
                  className="font-mono text-acc hover:underline"
                >
                  {log.replay_of}
                </Link>,
              ] as [string, React.ReactNode],
            ]
          : []),
        [t`Finish`, log.finish_reason ?? '–'],
        [t`Time of the gateway itself`, duration(log.proxy_ms)],
        [t`First token`, duration(log.first_token_ms)],
        [t`Total`, duration(log.total_ms)],
        [t`Tokens per second`, number(log.tokens_per_second, 1)],
        [t`Request`, bytes(log.request_bytes)],
        [t`Answer`, bytes(log.response_bytes)],
        [t`User agent`, log.user_agent ?? '–'],
        [t`Address`, log.remote_addr ?? '–'],
        [t`Bodies`, log.has_bodies ? t`recorded` : t`not recorded`],
      ]}
    />
  );
}
