// The least that a Worker in the gateway's place must do: read the request, ask the provider, pass the answer on as it
// comes, and read a copy of it whole.
export default {
  async fetch(request, env, context) {
    const body = await request.arrayBuffer();
    const { pathname } = new URL(request.url);
    const answer = await fetch(env.PROVIDER + pathname, { method: "POST", headers: request.headers, body });
    const [client, copy] = answer.body.tee();
    context.waitUntil(whole(copy));
    return new Response(client, answer);
  },
};

// Not `new Response(copy).arrayBuffer()`: a read that waits for the end makes the runtime hold back the other branch,
// too, and the client would get a stream in one piece when it is over.
async function whole(stream) {
  const reader = stream.getReader({ mode: "byob" });
  let block = new Uint8Array(65536);
  for (;;) {
    const { done, value } = await reader.read(block);
    if (done) return;
    block = new Uint8Array(value.buffer);
  }
}
