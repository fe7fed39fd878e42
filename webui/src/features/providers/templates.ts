/** Providers that many use: a start for the form, not a limit. */
import type { ProviderType } from '@/entities/config';

export interface Template {
  name: string;
  type: ProviderType;
  base_url: string;
  console_url: string;
}

export const templates: Template[] = [
  { name: 'OpenAI', type: 'openai', base_url: 'https://api.openai.com/v1', console_url: 'https://platform.openai.com' },
  {
    name: 'OpenAI Responses',
    type: 'openai-res',
    base_url: 'https://api.openai.com/v1',
    console_url: 'https://platform.openai.com',
  },
  {
    name: 'Anthropic',
    type: 'anthropic',
    base_url: 'https://api.anthropic.com/v1',
    console_url: 'https://console.anthropic.com',
  },
  {
    name: 'Gemini',
    type: 'gemini',
    base_url: 'https://generativelanguage.googleapis.com/v1beta',
    console_url: 'https://aistudio.google.com',
  },
  {
    name: 'DeepSeek',
    type: 'openai',
    base_url: 'https://api.deepseek.com/v1',
    console_url: 'https://platform.deepseek.com',
  },
  {
    name: 'OpenRouter',
    type: 'openai',
    base_url: 'https://openrouter.ai/api/v1',
    console_url: 'https://openrouter.ai/settings',
  },
  {
    name: 'Moonshot',
    type: 'openai',
    base_url: 'https://api.moonshot.cn/v1',
    console_url: 'https://platform.moonshot.cn',
  },
  {
    name: 'Zhipu',
    type: 'openai',
    base_url: 'https://open.bigmodel.cn/api/paas/v4',
    console_url: 'https://open.bigmodel.cn',
  },
  {
    name: 'Qwen',
    type: 'openai',
    base_url: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
    console_url: 'https://bailian.console.aliyun.com',
  },
  {
    name: 'SiliconFlow',
    type: 'openai',
    base_url: 'https://api.siliconflow.cn/v1',
    console_url: 'https://cloud.siliconflow.cn',
  },
  { name: 'Groq', type: 'openai', base_url: 'https://api.groq.com/openai/v1', console_url: 'https://console.groq.com' },
  { name: 'Mistral', type: 'openai', base_url: 'https://api.mistral.ai/v1', console_url: 'https://console.mistral.ai' },
  { name: 'xAI', type: 'openai', base_url: 'https://api.x.ai/v1', console_url: 'https://console.x.ai' },
  { name: 'Ollama', type: 'openai', base_url: 'http://127.0.0.1:11434/v1', console_url: '' },
  { name: 'vLLM', type: 'openai', base_url: 'http://127.0.0.1:8000/v1', console_url: '' },
];
