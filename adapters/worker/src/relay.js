// Passes a provider's answer on. Each chunk goes by the guide (see relay.rs), which says what the client gets of it, before
// the client gets anything: only so an event that is cut off, or a key in an error, can be kept from it.

/** How long a stream whose end may be near is waited for. */
const SOON = 2000;
/** How long a provider that said everything may take to end its answer, so that its connection can be used again. */
const LINGER = 1000;

/** What the guide's `remainder` means. */
const NOTHING = 0;
const LITTLE = 1;

/** Sends what is `ready`, then the rest of the source; times are milliseconds, 0 for no keep-alive. */
export function relay(exchange, source, head, ready, idle, keepAlive, guide) {
  return new Promise((resolve) => new Relay(exchange, source, { idle, keepAlive }, guide, resolve).start(head, ready));
}

/** Driven by calls, since a race of promises for each chunk would cost as much as all else that is done for it here. */
class Relay {
  constructor(exchange, source, pace, guide, finish) {
    this.exchange = exchange;
    this.source = source;
    this.pace = pace;
    this.guide = guide;
    this.finish = finish;
    this.remainder = guide.remainder();
    /** All that has come was sent, unchanged. */
    this.isWhole = false;
    /** Since when the provider is waited for; not while the client takes nothing. */
    this.since = undefined;
    /** The times that this silence was filled. */
    this.fillers = 0;
    /** The client's answer has ended. */
    this.isOver = false;
    /** Fulfilled when the client has got it. */
    this.closed = Promise.resolve();
    /** What the provider sends beyond its answer's end is read. */
    this.lingers = false;
    this.next = () => this.#next();
    this.leave = () => this.#leave();
    this.tick = () => this.#tick();
    this.take = (read) => this.#take(read);
    this.break = (error) => (this.isOver ? this.#finish() : this.#end("broken", String(error?.message ?? error)));
  }

  start(head, ready) {
    this.writer = this.exchange.stream(head);
    this.exchange.onLeft(0, this.leave);
    this.#alarm(this.#due());
    this.#send(ready);
  }

  #send(bytes) {
    if (bytes.byteLength) this.writer.write(bytes).then(this.next, this.leave);
    else this.#next();
  }

  #next() {
    if (this.isOver) return;
    if (this.remainder === NOTHING) return this.#end("over");
    this.since = Date.now();
    this.#read();
  }

  #read() {
    this.source.pull().then(this.take, this.break);
  }

  #take(read) {
    try {
      this.#pass(this.source.taken(read));
    } catch (error) {
      this.#abort(error);
    }
  }

  #pass(chunk) {
    if (this.isOver) {
      if (this.lingers && chunk) this.#read();
      else this.#finish();
      return;
    }
    this.since = undefined;
    this.fillers = 0;
    if (chunk === undefined) return this.#end("clean");
    // When the instance has ended, what it held back is lost. All else goes on without anybody who measures it.
    if (this.exchange.isDead) return this.isWhole ? this.#send(chunk) : this.#abort("the gateway failed");
    const changed = this.guide.pass(chunk);
    this.isWhole = changed === undefined;
    const remainder = this.guide.remainder();
    if (remainder === LITTLE && this.remainder !== LITTLE) this.#alarm(SOON);
    this.remainder = remainder;
    this.#send(changed ?? chunk);
  }

  #limit() {
    return this.remainder === LITTLE ? SOON : this.pace.idle;
  }

  /** The silence after which something is to be done. */
  #due() {
    const limit = this.#limit();
    return this.pace.keepAlive > 0 ? Math.min(limit, this.pace.keepAlive * (this.fillers + 1)) : limit;
  }

  /** One alarm for the whole answer: not put off by each chunk, it looks at the time when it rings. */
  #alarm(millis) {
    this.exchange.sleep(this, this.tick, millis);
  }

  #tick() {
    if (this.isOver) return this.source.abort();
    const silent = this.since === undefined ? 0 : Date.now() - this.since;
    const due = this.#due();
    if (silent < due) return this.#alarm(due - silent);
    if (due === this.#limit()) return this.#end(this.remainder === LITTLE ? "over" : "stalled");
    this.fillers += 1;
    const filler = this.exchange.isDead ? undefined : this.guide.filler();
    if (filler) this.writer.write(filler).catch(this.leave);
    this.#alarm(this.#due() - silent);
  }

  /** Ends the client's answer. */
  #end(how, cause = "") {
    const isRead = this.since !== undefined;
    if (this.exchange.isDead && (how !== "clean" || !this.isWhole)) return this.#abort("the gateway failed");
    let last;
    try {
      if (!this.exchange.isDead) last = this.guide.end(how, cause);
    } catch (broken) {
      return this.#abort(broken);
    }
    this.isOver = true;
    // Both fail where the client left before the very end.
    if (last?.byteLength) this.writer.write(last).catch(() => {});
    this.closed = this.writer.close().catch(() => {});
    if (how === "over") {
      this.lingers = true;
      this.#alarm(LINGER);
      if (!isRead) this.#read();
    } else {
      if (how !== "clean") this.source.abort();
      this.#finish();
    }
  }

  /** No client may take this for a good end. */
  #abort(cause) {
    if (this.isOver) return;
    this.isOver = true;
    this.source.abort();
    this.closed = this.writer.abort(cause).catch(() => {});
    this.#finish();
  }

  #leave() {
    if (this.isOver) return;
    this.isOver = true;
    if (!this.exchange.isDead) this.guide.free();
    this.source.abort();
    this.#finish();
  }

  #finish() {
    this.exchange.wake(this);
    this.closed.then(this.finish);
  }
}
