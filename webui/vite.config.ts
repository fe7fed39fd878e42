import { fileURLToPath } from 'node:url';
import { lingui } from '@lingui/vite-plugin';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// A console that a gateway serves itself asks that gateway only; one on Cloudflare Pages asks the gateway it is told.
process.env.VITE_CONNECT_SRC ||= "'self'";
process.env.VITE_GATEWAY ||= '';

export default defineConfig(({ command }) => ({
  plugins: [
    react(),
    lingui({ macroTransform: true, failOnMissing: command === 'build', failOnCompileError: true }),
    tailwindcss(),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('src', import.meta.url)) } },
  build: { target: 'es2024', manifest: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: {
    proxy: { '^/(api|openai|anthropic|gemini|v1|v1beta|healthz|readyz|metrics)(/|$)': 'http://127.0.0.1:7070' },
  },
  test: { include: ['src/**/*.test.{ts,tsx}'], environment: 'happy-dom', restoreMocks: true },
}));
