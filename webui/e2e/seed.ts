/** A gateway with providers, models, keys and some traffic of all kinds in it. */
import type { Gateway } from './gateway';
import { UPSTREAM_KEY } from './gateway';

interface Id {
  id: string;
}

/** Names and texts that no page may take for markup, or be turned around by. */
export const HOSTILE = {
  provider: '<img src=x onerror=alert(1)>"quoted"',
  model: 'rtl-\u202Eoverride-model-with-a-very-long-name-that-goes-on-and-on-and-on',
  note: '</script><script>alert(1)</script> & <b>bold</b>',
};

export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

export async function seed(
  gateway: Gateway,
  { hostile = true } = {},
): Promise<{ key: string; models: Record<string, string> }> {
  const { api, upstream } = gateway;
  const provider = (name: string, type: string, extra: object = {}) =>
    api<Id>('POST', '/api/providers', {
      name,
      type,
      base_url: `${upstream}${type === 'gemini' ? '/v1beta' : '/v1'}`,
      api_key: UPSTREAM_KEY,
      ...extra,
    });
  const openai = await provider('OpenAI', 'openai', { console_url: 'https://platform.openai.com' });
  const azure = await provider('Azure', 'openai', { note: 'the contract of the other team' });
  const responses = await provider('OpenAI Responses', 'openai-res');
  const anthropic = await provider('Anthropic', 'anthropic');
  const gemini = await provider('Gemini', 'gemini');
  const odd = hostile ? await provider(HOSTILE.provider, 'openai', { note: HOSTILE.note }) : null;

  const models: Record<string, string> = {};
  const model = async (name: string, associations: [Id, string, object?][], extra: object = {}) => {
    const { id } = await api<Id>('POST', '/api/models', { name, ...extra });
    models[name] = id;
    for (const [it, provider_model, fields] of associations) {
      await api('POST', '/api/associations', { model_id: id, provider_id: it.id, provider_model, ...fields });
    }
  };
  const usd = (input: number, output: number) => ({
    prices: { input, output, cache_read: input / 10, cache_write: input * 1.25, currency: 'USD' },
  });
  await model('gpt-5', [
    [openai, 'gpt-5', { weight: 10, ...usd(1.25, 10) }],
    [azure, 'gpt-5-0826', { weight: 5, ...usd(1.5, 12), image: false }],
  ]);
  await model(
    'flaky',
    [
      [azure, 'fault:503', { weight: 10, priority: 1 }],
      [openai, 'gpt-5', { weight: 10, ...usd(1.25, 10) }],
    ],
    { note: 'fails first, on purpose' },
  );
  await model('broken', [[openai, 'fault:429', {}]]);
  await model('o5', [[responses, 'o5+thinking', usd(2, 8)]], { strategy: 'least_latency' });
  await model(
    'claude-5',
    [
      [
        anthropic,
        'claude-5+thinking',
        { prices: { input: 21, output: 105, cache_read: 2.1, cache_write: 26, currency: 'CNY' } },
      ],
    ],
    { strategy: 'rotor' },
  );
  await model('gemini-3', [[gemini, 'gemini-3', usd(0.3, 2.5)]]);
  await model('tools', [[openai, 'tool:find', {}]]);
  if (odd) await model(HOSTILE.model, [[odd, 'text', {}]], { note: HOSTILE.note });

  const { key } = await api<{ key: string }>('POST', '/api/keys', { name: 'ci-bot', log_io: true });
  await api('POST', '/api/keys', {
    name: 'alice',
    models: ['gpt-5', 'o5', 'claude-5', 'gemini-3', 'flaky'],
    expires_at: '2030-01-31T23:59:59Z',
  });
  await api('POST', '/api/keys', { name: 'old laptop', enabled: false });
  await api('POST', '/api/keys', { name: 'expired', expires_at: '2026-01-01T00:00:00Z' });
  return { key, models };
}

/** Requests in all dialects: whole, streamed, with tools and images, refused, retried. */
export async function traffic(gateway: Gateway, key: string, rounds = 4, { hostile = true } = {}): Promise<number> {
  const user = (content: unknown) => ({ role: 'user', content });
  const tools = [
    {
      type: 'function',
      function: {
        name: 'find',
        description: 'Finds',
        parameters: { type: 'object', properties: { q: { type: 'string' } } },
      },
    },
  ];
  const requests: [string, unknown][] = [
    [
      '/v1/chat/completions',
      { model: 'gpt-5', messages: [{ role: 'system', content: 'Be brief.' }, user('Say hello.')] },
    ],
    [
      '/v1/chat/completions',
      {
        model: 'gpt-5',
        stream: true,
        stream_options: { include_usage: true },
        messages: [user(hostile ? HOSTILE.note : 'Say hello.')],
      },
    ],
    [
      '/v1/chat/completions',
      {
        model: 'gpt-5',
        messages: [
          user([
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
          ]),
        ],
      },
    ],
    ['/v1/chat/completions', { model: 'tools', tools, messages: [user('Find cats.')] }],
    ['/v1/chat/completions', { model: 'flaky', messages: [user('Are you there?')] }],
    ['/v1/chat/completions', { model: 'no-such-model', messages: [user('Hello?')] }],
    ['/v1/responses', { model: 'o5', input: 'Think, then say hello.', stream: true }],
    ['/v1/messages', { model: 'claude-5', max_tokens: 100, system: 'Be brief.', messages: [user('Say hello.')] }],
    ['/v1/messages', { model: 'claude-5', max_tokens: 100, stream: true, messages: [user('Say hello.')] }],
    ['/v1beta/models/gemini-3:generateContent', { contents: [{ role: 'user', parts: [{ text: 'Say hello.' }] }] }],
    [
      '/v1beta/models/gemini-3:streamGenerateContent?alt=sse',
      { contents: [{ role: 'user', parts: [{ text: 'Say hello.' }] }] },
    ],
    ...(hostile
      ? [['/v1/chat/completions', { model: HOSTILE.model, messages: [user('Hello.')] }] as [string, unknown]]
      : []),
  ];
  let sent = 0;
  for (let round = 0; round < rounds; round++) {
    for (const [path, body] of requests) {
      const response = await gateway.ask(path, body, key);
      await response.text();
      sent++;
    }
  }
  const broken = await gateway.ask('/v1/chat/completions', { model: 'broken', messages: [user('Hello?')] }, key);
  await broken.text();
  return sent + 1;
}
