/** The gateway's own values in the reader's words. */
import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';
import { useLingui } from '@lingui/react/macro';
import type { Schemas } from '@/api/client';
import { Status, type Tone } from '@/ui/status';

type Outcome = Schemas['Outcome'];

export const outcomes: Record<Outcome, { word: MessageDescriptor; tone: Tone }> = {
  success: { word: msg`success`, tone: 'ok' },
  client_error: { word: msg`client error`, tone: 'warn' },
  provider_error: { word: msg`provider error`, tone: 'bad' },
  rate_limited: { word: msg`rate limited`, tone: 'warn' },
  timeout: { word: msg`timeout`, tone: 'bad' },
  connect_error: { word: msg`connection failed`, tone: 'bad' },
  cancelled: { word: msg`cancelled`, tone: 'off' },
  gateway_error: { word: msg`gateway error`, tone: 'bad' },
};

export function OutcomeStatus({ outcome }: { outcome: Outcome }) {
  const { i18n } = useLingui();
  const { word, tone } = outcomes[outcome] ?? { word: { id: outcome, message: outcome }, tone: 'off' };
  return <Status tone={tone}>{i18n._(word)}</Status>;
}

export const origins: Record<Schemas['Origin'], MessageDescriptor> = {
  client: msg`a client`,
  console: msg`the console`,
  test: msg`a test`,
  replay: msg`sent again`,
};

export const dialects: Record<Schemas['Dialect'], string> = {
  openai_chat: 'OpenAI Chat',
  openai_responses: 'OpenAI Responses',
  anthropic: 'Anthropic',
  gemini: 'Gemini',
};

export const providerTypes: Record<Schemas['ProviderType'], string> = {
  openai: 'OpenAI Chat',
  'openai-res': 'OpenAI Responses',
  anthropic: 'Anthropic',
  gemini: 'Gemini',
};

export const strategies: Record<Schemas['Strategy'], { name: MessageDescriptor; does: MessageDescriptor }> = {
  lottery: {
    name: msg`Lottery`,
    does: msg`Each request draws one, by weight. A weight of 10 is drawn twice as often as one of 5.`,
  },
  rotor: {
    name: msg`Rotor`,
    does: msg`Always the highest weight first; the next ones when it fails.`,
  },
  round_robin: {
    name: msg`Round robin`,
    does: msg`In turn, spread evenly by weight.`,
  },
  least_latency: {
    name: msg`Least latency`,
    does: msg`The one that has answered fastest lately.`,
  },
};
