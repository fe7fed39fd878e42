// The least that a Worker in the gateway's place must do: read the request, ask the provider, pass the answer on, and
// keep a copy of it to count from.
export default {
  async fetch(request, env, context) {
    const body = await request.arrayBuffer();
    const { pathname } = new URL(request.url);
    const answer = await fetch(env.PROVIDER + pathname, { method: "POST", headers: request.headers, body });
    const [client, copy] = answer.body.tee();
    context.waitUntil(new Response(copy).arrayBuffer());
    return new Response(client, answer);
  },
};
