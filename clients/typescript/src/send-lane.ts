import { WigwagError } from "./error.js";
import type { ClientBody } from "./session-core.js";

/** Frames that may wait to be sealed; beyond it, sending fails. */
const MAX_WAITING = 4_096;

/** Numbers a frame and sends it, now or later; those it is given first come first. */
type Submit = (body: ClientBody, onSeq: (seq: number) => void, signal?: AbortSignal) => Promise<void>;

/** Keeps frames in the order of the calls, though some of them must be sealed first, which takes a moment. */
export class SendLane {
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** What fails those that wait: set for the ones of a former session. */
  #life: { over?: WigwagError } = {};
  #closed: WigwagError | undefined;

  constructor(private readonly deliver: Submit) {}

  /**
   * Submits a frame behind those that wait. Settles when it is numbered, or cannot be; it is not when the signal aborts before.
   */
  submit(
    body: ClientBody | Promise<ClientBody>,
    onSeq: (seq: number) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    if (this.#closed) return refusedWith(this.#closed, body);
    if (this.#waiting === 0 && !(body instanceof Promise)) return this.deliver(body, onSeq, signal);
    if (this.#waiting >= MAX_WAITING) {
      const error = new WigwagError("too many signals wait to be sealed: await the earlier ones first", {
        code: "RESOURCE_EXHAUSTED",
        reason: "LIMIT_EXCEEDED",
        metadata: { limit: String(MAX_WAITING) },
      });
      return refusedWith(error, body);
    }
    this.#waiting += 1;
    const life = this.#life;
    const turn = this.#turn(body, this.#last, life, onSeq, signal);
    this.#last = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn.then(({ delivered }) => delivered);
  }

  /** Fails what waits: its session is gone. */
  reset(error: WigwagError): void {
    this.#life.over = error;
    this.#life = {};
  }

  /** Refuses everything from now on. Resolves when nothing waits any more. */
  close(error: WigwagError): Promise<void> {
    this.#closed = error;
    return this.#last;
  }

  /** Waits for its turn; then the frame is delivered at once, and whoever is next need not wait for what becomes of it. */
  async #turn(
    body: ClientBody | Promise<ClientBody>,
    before: Promise<void>,
    life: { over?: WigwagError },
    onSeq: (seq: number) => void,
    signal: AbortSignal | undefined,
  ): Promise<{ delivered: Promise<void> }> {
    try {
      const [ready] = await Promise.all([body, before]);
      if (life.over) throw life.over;
      return { delivered: this.deliver(ready, onSeq, signal) };
    } catch (error) {
      // A frame that cannot be sealed must not let the next one pass those before it.
      await before;
      throw error;
    } finally {
      this.#waiting -= 1;
    }
  }
}

function refusedWith(error: WigwagError, body: ClientBody | Promise<ClientBody>): Promise<never> {
  // Nobody asks any more what became of it.
  Promise.resolve(body).catch(() => undefined);
  return Promise.reject(error);
}
