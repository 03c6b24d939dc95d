// A queue of received messages that tests wait on.

const TIMEOUT_MS = 10_000;

export class Inbox {
  #messages = [];
  #waiting = [];

  /** Adds a message. */
  put(message) {
    this.#messages.push(message);
    this.#serve();
  }

  /** Removes and returns the first message that matches. Rejects after ten seconds, listing the messages it has. */
  take(matches, what = "a message", timeoutMs = TIMEOUT_MS) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((waiter) => waiter.timer !== timer);
        reject(new Error(`waited for ${what}; there is ${JSON.stringify(this.#messages)}`));
      }, timeoutMs);
      this.#waiting.push({ matches, resolve, timer });
      this.#serve();
    });
  }

  /** Returns the messages that have not been taken. */
  rest() {
    return [...this.#messages];
  }

  #serve() {
    for (const waiter of [...this.#waiting]) {
      const at = this.#messages.findIndex(waiter.matches);
      if (at < 0) continue;
      clearTimeout(waiter.timer);
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      waiter.resolve(this.#messages.splice(at, 1)[0]);
    }
  }
}
