import { after, before } from 'node:test';

import { KEY, start } from '../harness/gateway.mjs';

export { KEY };

export const TEXT = 'Hello from the scripted provider.';
export const WEATHER = {
  description: 'The weather in a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

/** A gateway for all tests of a file. */
export function gateway() {
  const running = {};
  before(async () => {
    Object.assign(running, await start({ plain: 'ok', thinks: 'ok+thinking', breaks: 'fault:error-later' }));
    const tools = [{ name: 'get_weather', arguments: { city: 'Paris' } }];
    await running.upstream.script({ when: { body_contains: 'get_weather' }, steps: [{ tools }], repeat_last: true });
  });
  after(() => running.stop());
  return running;
}
