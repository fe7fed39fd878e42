// What the platform does better in JavaScript than through WebAssembly: one call here stands for many crossings there.
// Strings carry heads: a request's is `METHOD\nURL\nname\nvalue\n…`, an answer's is `STATUS\nname\nvalue\n…`.

const BLOCK = 64 * 1024;
/** After this many milliseconds it is looked up whether the client has left, and from then on its leaving is seen at once. */
const LOOK = 250;

// Every step of a future is a microtask, and the platform's own function wraps each task in an object of its own.
const now = Promise.resolve();
globalThis.queueMicrotask = (task) => void now.then(task);

function flat(headers) {
  let text = "";
  headers.forEach((value, name) => (text += `\n${name}\n${value}`));
  return text;
}

/** As a record, which the platform takes with fewer calls than pairs; as pairs where a name comes twice. */
function headersOf(lines, from) {
  const headers = Object.create(null);
  for (let at = from; at + 1 < lines.length; at += 2) {
    if (lines[at] in headers) return pairsOf(lines, from);
    headers[lines[at]] = lines[at + 1];
  }
  return headers;
}

function pairsOf(lines, from) {
  const headers = [];
  for (let at = from; at + 1 < lines.length; at += 2) headers.push([lines[at], lines[at + 1]]);
  return headers;
}

/** Requests that are being handled. */
const open = new Set();

export function openExchanges() {
  return [...open];
}

/**
 * One request of a client. It lasts until `finish`, also when the client has left.
 *
 * A timer of the platform's costs a twentieth of a short request, and a listener to the request's signal a tenth. So all that
 * wait for a time share one timer, and whether the client has left is looked up at its first turn; only then the listener is
 * added.
 */
export class Exchange {
  constructor(request, ctx) {
    this.request = request;
    this.ctx = ctx;
    this.isDead = false;
    // Given as a head and a body, an answer is made here, in the request that it belongs to.
    this.response = new Promise((resolve) => (this.respond = resolve)).then((it) =>
      it instanceof Response ? it : response(it.head, it.body),
    );
    ctx.waitUntil(new Promise((resolve) => (this.end = resolve)));
    open.add(this);
    this.hasLeft = false;
    this.isWatched = false;
    this.leavers = [];
    this.sleepers = new Map();
    this.timer = undefined;
    this.turn = Infinity;
    this.#turnAt(Date.now() + LOOK);
  }

  finish() {
    open.delete(this);
    this.isWatched = true;
    if (this.sleepers.size === 0) this.#rest();
    this.end();
  }

  /** The instance ends. A stream that has begun goes on, without anybody who measures it. */
  crash(head, body) {
    this.isDead = true;
    this.respond({ head, body });
    this.finish();
  }

  head() {
    return `${this.request.method}\n${this.request.url}${flat(this.request.headers)}`;
  }

  source() {
    return new Source(this.request, undefined);
  }

  /** Answers with a whole body. */
  answer(head, body) {
    this.respond(response(head, body));
    this.finish();
  }

  /** Answers with a stream and gives its writer. */
  stream(head) {
    const { readable, writable } = new IdentityTransformStream();
    this.respond(response(head, readable));
    return writable.getWriter();
  }

  /** Adds work that outlives the answer. */
  waitUntil(promise) {
    this.ctx.waitUntil(promise);
  }

  /** Calls `settle(number, true)` when the client has left. */
  onLeft(number, settle) {
    if (this.hasLeft) settle(number, true);
    else this.leavers.push(() => settle(number, true));
  }

  #watch() {
    if (this.isWatched) return;
    this.isWatched = true;
    const leave = () => {
      this.hasLeft = true;
      for (const leaver of this.leavers) leaver();
    };
    const { signal } = this.request;
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
  }

  /** Calls `settle(number, true)` after `millis`, unless it is told to `wake` before. Whatever is told apart may be the number. */
  sleep(number, settle, millis) {
    const at = Date.now() + millis;
    this.sleepers.set(number, { at, settle });
    this.#turnAt(at);
  }

  wake(number) {
    this.sleepers.delete(number);
  }

  #rest() {
    if (this.turn === Infinity) return;
    clearTimeout(this.timer);
    this.turn = Infinity;
  }

  #turnAt(time) {
    if (this.turn <= time) return;
    this.#rest();
    this.turn = time;
    this.timer = setTimeout(() => this.#takeTurn(), Math.max(1, time - Date.now()));
  }

  #takeTurn() {
    this.turn = Infinity;
    this.#watch();
    const now = Date.now();
    for (const [number, { at, settle }] of this.sleepers) {
      if (at > now) {
        this.#turnAt(at);
      } else {
        this.sleepers.delete(number);
        settle(number, true);
      }
    }
  }
}

function response(head, body) {
  const lines = head.split("\n");
  const status = Number(lines[0]);
  const headers = headersOf(lines, 1);
  const isEncoded = lines.some((line, at) => at % 2 === 1 && line === "content-encoding");
  const encodeBody = isEncoded ? "manual" : "automatic";
  const empty = status === 204 || status === 205 || status === 304;
  return new Response(empty ? null : body, { status, headers, encodeBody });
}

/** The body of a request or an answer, read as the other side asks for it. */
export class Source {
  constructor(message, controller) {
    this.message = message;
    this.controller = controller;
    this.reader = undefined;
    this.buffer = undefined;
    this.left = Infinity;
    this.isBegun = false;
    this.isSmall = false;
    this.isOver = message.body === null;
  }

  /** Calls `settle(number, true, bytes)`, or `settle(number, false, error)`. */
  read(number, settle) {
    this.pull().then(
      (value) => settle(number, true, this.taken(value)),
      (error) => settle(number, false, error),
    );
  }

  /** Asks for the next bytes. What it is fulfilled with is for `taken`. */
  pull() {
    if (!this.isBegun) this.#begin();
    if (this.isOver) return now;
    return this.isSmall ? this.message.arrayBuffer() : this.reader.read(new Uint8Array(this.buffer));
  }

  #begin() {
    this.isBegun = true;
    const { headers, body } = this.message;
    const length = headers.get("content-length");
    // Known, it spares the last read, which would only say that there is no more.
    if (length !== null && !headers.has("content-encoding")) this.left = Number(length);
    this.isOver ||= this.left <= 0;
    // One call for all of it costs half of what a reader does, but gives nothing when the body breaks off. Nobody has a use for
    // the beginning of a request or of an answer without streaming, but for that of an error.
    this.isSmall = this.left <= BLOCK && this.message.ok !== false;
    if (this.isOver || this.isSmall) return;
    this.buffer = new ArrayBuffer(Math.min(BLOCK, this.left));
    this.reader = body.getReader({ mode: "byob" });
  }

  /** The bytes that came; `undefined` at the end. They are valid until the next `pull`. */
  taken(read) {
    if (this.isOver) return undefined;
    if (this.isSmall) {
      this.isOver = true;
      return new Uint8Array(read);
    }
    const { done, value } = read;
    if (done) {
      this.isOver = true;
      return undefined;
    }
    this.buffer = value.buffer;
    this.left -= value.byteLength;
    this.isOver = this.left <= 0;
    return value;
  }

  abort() {
    if (this.controller) this.controller.abort();
    else if (this.reader) this.reader.cancel().catch(() => {});
  }
}

/** Sends a request, and calls `settle(number, true, response)`, or `settle(number, false, error)`. */
export class Call {
  constructor(head, body, number, settle) {
    const lines = head.split("\n");
    this.controller = new AbortController();
    fetch(lines[1], {
      method: lines[0],
      headers: headersOf(lines, 2),
      body,
      redirect: "manual",
      signal: this.controller.signal,
      encodeResponseBody: "manual",
    }).then(
      (response) => settle(number, true, response),
      (error) => settle(number, false, error),
    );
  }

  abort() {
    this.controller.abort();
  }
}

export function answerHead(response) {
  return `${response.status}${flat(response.headers)}`;
}

export function sourceOf(response, call) {
  return new Source(response, call.controller);
}

/** Tells how a promise ends, by the number it was given. */
export function follow(promise, number, settle) {
  promise.then(
    (value) => settle(number, true, value),
    (error) => settle(number, false, error),
  );
}

/**
 * Runs statements on D1 in one transaction. `text` is the JSON of `[[sql, [param, …]], …]`, where a blob is
 * `{"blob": base64}`; the result is the JSON of `[[columns, rows, changes], …]`, where a blob is an array of bytes.
 * With `onlyColumns`, the columns of the one SELECT are answered even when there are no rows.
 */
export async function d1(db, text, onlyColumns) {
  const statements = JSON.parse(text).map(([sql, params]) => {
    const statement = db.prepare(sql);
    return params.length ? statement.bind(...params.map(parameter)) : statement;
  });
  if (onlyColumns) {
    const [columns] = await statements[0].raw({ columnNames: true });
    return JSON.stringify([[columns, [], 0]]);
  }
  const answers = await db.batch(statements);
  return JSON.stringify(
    answers.map(({ results, meta }) => {
      const columns = results?.length ? Object.keys(results[0]) : [];
      return [columns, (results ?? []).map((row) => columns.map((name) => row[name])), meta?.changes ?? 0];
    }),
  );
}

function parameter(value) {
  if (value === null || typeof value !== "object") return value;
  return Uint8Array.from(atob(value.blob), (char) => char.charCodeAt(0)).buffer;
}
