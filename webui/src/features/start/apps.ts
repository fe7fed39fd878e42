/** Clients that are told by hand, in their windows: what is typed where. */
import { msg } from '@lingui/core/macro';
import type { Client } from './clients';

const apiKey = msg`API key`;

const key = (name: typeof apiKey) => ({ name, value: '$LLMIO_API_KEY', secret: true });

/** Cherry Studio adds the version and the rest of the path itself, unless the host ends in a slash or `#`. */
const cherry = (id: string, type: string, dialect: Client['dialect'], path: string): Client => ({
  id,
  name: `Cherry Studio, ${type}`,
  dialect,
  fields: ({ origin, model }) => [
    { name: msg`Provider type`, value: type },
    key(apiKey),
    { name: msg`API host`, value: origin + path },
    { name: msg`Model ID`, value: model },
  ],
  steps: [
    msg`In the settings, under Model Provider, add a provider of this type.`,
    msg`Type the key and the API host, without a slash or # at its end: Cherry Studio adds the version and the rest of the path.`,
    msg`Add the model by its ID, and switch the provider on.`,
  ],
});

export const apps: Client[] = [
  cherry('cherry-openai', 'OpenAI', 'openai_chat', '/openai'),
  cherry('cherry-responses', 'OpenAI-Response', 'openai_responses', '/openai'),
  cherry('cherry-anthropic', 'Anthropic', 'anthropic', '/anthropic'),
  cherry('cherry-gemini', 'Gemini', 'gemini', '/gemini'),
  {
    id: 'open-webui',
    name: 'Open WebUI',
    dialect: 'openai_chat',
    fields: ({ origin }) => [{ name: msg`URL`, value: `${origin}/openai/v1` }, key(apiKey)],
    steps: [
      msg`As an administrator, open Admin Settings, Connections, and add a connection under OpenAI API.`,
      msg`Type URL and key and save: the models that the key may use are found.`,
      msg`The server of Open WebUI asks the gateway, not the browser: in a container, a loopback address is the container itself.`,
      msg`Instead, the variables below can be set before its first start; later it goes by what it has saved.`,
    ],
    where: 'sh',
    form: 'shell',
    text: ({ origin }) =>
      [
        `export OPENAI_API_BASE_URL='${origin.replaceAll("'", `'\\''`)}/openai/v1'`,
        'export OPENAI_API_KEY="$LLMIO_API_KEY"',
        'open-webui serve',
      ].join('\n'),
  },
  {
    id: 'cursor',
    name: 'Cursor',
    dialect: 'openai_chat',
    fields: ({ origin, model }) => [
      key(msg`OpenAI API Key`),
      { name: msg`Override OpenAI Base URL`, value: `${origin}/openai/v1` },
      { name: msg`Model`, value: model },
    ],
    steps: [
      msg`Cursor's own servers ask the gateway: it must be reached from the internet, by https. An address of this machine or of a private network does not work.`,
      msg`In Cursor's settings, under Models, type the OpenAI API key, switch Override OpenAI Base URL on and type the address.`,
      msg`Add the model by its name and choose it. The address then applies to all models of OpenAI in Cursor.`,
    ],
  },
  {
    id: 'zed',
    name: 'Zed',
    dialect: 'openai_chat',
    steps: [
      msg`Merge this into Zed's settings.json; max_tokens is the context window of the model: put the right number there.`,
      msg`The key is typed in the agent settings, under LLM Providers, or stands in LLMIO_API_KEY where Zed is started.`,
    ],
    where: 'settings.json',
    form: 'json',
    text: ({ origin, model }) =>
      JSON.stringify(
        {
          language_models: {
            openai_compatible: {
              // The variable of the key follows from this name.
              LLMIO: {
                api_url: `${origin}/openai/v1`,
                available_models: [{ name: model, display_name: model, max_tokens: 128000 }],
              },
            },
          },
        },
        null,
        2,
      ),
  },
];
