// Messages in the order in which they came, taken by whoever waits for them.

const PATIENCE_MS = 10_000;

export class Inbox {
  #messages = [];
  #waiting = [];

  /** Notes a message. */
  put(message) {
    this.#messages.push(message);
    this.#serve();
  }

  /** The first message that fits, taken out. Fails after ten seconds, showing what came instead. */
  take(fits, what = "a message", patienceMs = PATIENCE_MS) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((waiter) => waiter.timer !== timer);
        reject(new Error(`waited for ${what}; there is ${JSON.stringify(this.#messages)}`));
      }, patienceMs);
      this.#waiting.push({ fits, resolve, timer });
      this.#serve();
    });
  }

  /** Everything that came and was not taken. */
  rest() {
    return [...this.#messages];
  }

  #serve() {
    for (const waiter of [...this.#waiting]) {
      const at = this.#messages.findIndex(waiter.fits);
      if (at < 0) continue;
      clearTimeout(waiter.timer);
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      waiter.resolve(this.#messages.splice(at, 1)[0]);
    }
  }
}
