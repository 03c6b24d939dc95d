/** Milliseconds of the first step, and the cap. */
const BASE_MS = 250;
const CAP_MS = 8_000;

/** Full jitter: a random delay between 0 and a step that doubles, from 250 ms up to 8 s. */
export class Backoff {
  #attempt = 0;

  /** `random` gives numbers from 0 up to 1; a test passes its own. */
  constructor(private readonly random: () => number = () => Math.random()) {}

  /** How many delays were handed out since the last reset. */
  get attempt(): number {
    return this.#attempt;
  }

  /** The next delay in milliseconds. `atLeast` is what the server asked for; some jitter comes on top of it. */
  next(atLeast = 0): number {
    // 2^5 * 250 ms is the cap already; the bound keeps the power finite.
    const step = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(this.#attempt, 10));
    this.#attempt += 1;
    const delay = this.random() * step;
    return atLeast > 0 ? atLeast + Math.min(delay, BASE_MS) : delay;
  }

  /** Starts over with the first step. */
  reset(): void {
    this.#attempt = 0;
  }
}
