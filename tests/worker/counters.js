// Goes before the built Worker, and counts what that asks of the platform.
const calls = {};

function count(name) {
  calls[name] = (calls[name] ?? 0) + 1;
}

function watch(owner, method, name) {
  const real = owner[method];
  owner[method] = function (...values) {
    count(name);
    return Reflect.apply(real, this, values);
  };
}

for (const name of ["fetch", "setTimeout", "clearTimeout"]) watch(globalThis, name, name);
for (const body of [Request, Response]) watch(body.prototype, "arrayBuffer", "bodies");
for (const reader of [ReadableStreamDefaultReader, ReadableStreamBYOBReader]) watch(reader.prototype, "read", "reads");
watch(WritableStreamDefaultWriter.prototype, "write", "writes");
globalThis.AbortController = class extends AbortController {
  constructor() {
    super();
    count("AbortController");
  }
};
WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(module, imports) {
    super(module, Object.fromEntries(Object.entries(imports).map(([name, its]) => [name, watched(its, "out of WebAssembly")])));
    Object.defineProperty(this, "exports", { value: watched(super.exports, "into WebAssembly") });
  }
};

function watched(functions, name) {
  const copy = { ...functions };
  for (const key of Object.keys(copy)) if (typeof copy[key] === "function") watch(copy, key, name);
  return copy;
}

/** The Worker's handlers, and an address that tells the counters. */
function counted(handlers, address) {
  const fetch = (request, env, context) =>
    new URL(request.url).pathname === address ? Response.json(calls) : handlers.fetch(request, env, context);
  return { ...handlers, fetch };
}
