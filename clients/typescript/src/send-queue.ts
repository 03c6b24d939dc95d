import type { ClientBody } from "./client-body.js";
import { WigwagError } from "./error.js";

/** Limit of frames that wait to be sealed; beyond it, sending fails. */
const MAX_WAITING = 4_096;

/** Numbers a frame and sends it, now or later, in the order of the calls. */
type Submit = (body: ClientBody, onSeq: (seq: number) => void, signal?: AbortSignal) => Promise<void>;

/** Keeps frames in the order of the calls, although some must be sealed first, which is asynchronous. */
export class SendQueue {
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** Shared by the frames of one session; `over` fails those that wait when it is lost. */
  #life: { over?: WigwagError } = {};
  #closed: WigwagError | undefined;

  constructor(private readonly deliver: Submit) {}

  /**
   * Submits a frame after those that wait. Resolves when it is numbered, and rejects if it cannot be or the signal aborts before.
   */
  submit(
    body: ClientBody | Promise<ClientBody>,
    onSeq: (seq: number) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    if (this.#closed) return refusedWith(this.#closed, body);
    if (this.#waiting === 0 && !(body instanceof Promise)) return this.deliver(body, onSeq, signal);
    if (this.#waiting >= MAX_WAITING) {
      const error = new WigwagError(`${MAX_WAITING} signals wait to be sealed: await earlier ones first`, {
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

  /** Fails the frames that wait, since their session is lost. */
  reset(error: WigwagError): void {
    this.#life.over = error;
    this.#life = {};
  }

  /** Refuses every further frame. Resolves when no frame waits. */
  close(error: WigwagError): Promise<void> {
    this.#closed = error;
    return this.#last;
  }

  /** Waits for the frames before; then passes the frame on without awaiting the result, so that the next one can follow. */
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
      // If sealing failed, the next frame must still wait for those before.
      await before;
      throw error;
    } finally {
      this.#waiting -= 1;
    }
  }
}

function refusedWith(error: WigwagError, body: ClientBody | Promise<ClientBody>): Promise<never> {
  // The frame is refused, so a failure to seal it is not reported.
  Promise.resolve(body).catch(() => undefined);
  return Promise.reject(error);
}
