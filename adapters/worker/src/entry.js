// The Worker's entry, in the place of worker-build's own: that one makes six proxies for each request, which cost as much
// as all of the gateway's own JavaScript.
import * as llmio from "./index.js";

const state = llmio.__worker_init_state();

addEventListener("error", (event) => note(event.error));

/** After a trap the instance cannot be used any more. */
function note(error) {
  if (error instanceof WebAssembly.RuntimeError) {
    console.error("the WebAssembly instance has ended", error);
    state.criticalError = true;
  }
}

function handle(handler, event, env, context) {
  if (state.criticalError) {
    console.warn("making a new WebAssembly instance");
    llmio.__wbg_reset_state();
    state.criticalError = false;
    state.instanceId++;
  }
  try {
    return handler(event, env, context);
  } catch (error) {
    note(error);
    throw error;
  }
}

export default {
  fetch: (request, env, context) => handle(llmio.fetch, request, env, context),
  scheduled: (event, env, context) => handle(llmio.scheduled, event, env, context),
};
