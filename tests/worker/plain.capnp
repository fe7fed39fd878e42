# The Worker in workerd and nothing else: no database, and none of what Cloudflare's network adds to requests.
# usage: workerd serve tests/worker/plain.capnp --socket-addr http=127.0.0.1:PORT
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "llmio", worker = .llmio),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", http = (), service = "llmio")],
);

const llmio :Workerd.Worker = (
  compatibilityDate = "2026-07-30",
  compatibilityFlags = ["enable_request_signal"],
  modules = [
    (name = "index.js", esModule = embed "../../adapters/worker/build-testing/index.js"),
    (name = "index_bg.wasm", wasm = embed "../../adapters/worker/build-testing/index_bg.wasm"),
  ],
);
