/** Bounds of the first delay and of the longest, in milliseconds. */
const BASE_MS = 250;
const CAP_MS = 8_000;

/** Exponential back-off with full jitter: a random delay between 0 and a bound that doubles from 250 ms to 8 s. */
export class Backoff {
  #attempt = 0;

  /** `random` returns numbers from 0 to 1; tests replace it. */
  constructor(private readonly random: () => number = () => Math.random()) {}

  /** The number of delays since the last reset. */
  get attempt(): number {
    return this.#attempt;
  }

  /** Returns the next delay in milliseconds. `atLeast` is the `retryAfterMs` of the server; jitter is added to it. */
  next(atLeast = 0): number {
    // 2^5 * 250 ms is the cap already; the minimum keeps the power finite.
    const step = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(this.#attempt, 10));
    this.#attempt += 1;
    const delay = this.random() * step;
    return atLeast > 0 ? atLeast + Math.min(delay, BASE_MS) : delay;
  }

  /** Starts over with the first delay. */
  reset(): void {
    this.#attempt = 0;
  }
}
