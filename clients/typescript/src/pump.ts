import { Backoff } from "./backoff.js";
import { WigwagError } from "./error.js";
import type { SessionCore } from "./session-core.js";
import { type Connection, FrameEncodingError, type Pushed } from "./transport.js";

/** Failed pushes in a row after which the connection is given up, even if frames still arrive. */
const MAX_FAILURES = 3;
/** Reasons that end the attachment, so that the push is not retried. */
const FINAL: ReadonlySet<string> = new Set(["DETACHED", "SUPERSEDED", "UNKNOWN_SESSION"]);

/** What a pump reports. */
export interface PumpEvents {
  /** The server acknowledged frames. */
  progress(): void;
  /** A frame cannot be encoded: the call that made it fails, and its number is sent without a body. */
  unencodable(error: FrameEncodingError): void;
  /** Pushing failed: give the connection up. */
  broken(error: WigwagError): void;
}

/** Writes the frames of the core to one connection: one push at a time, with as many frames as there are. */
export class Pump {
  readonly #backoff = new Backoff();
  #state: "idle" | "scheduled" | "pushing" | "waiting" | "stopped" = "idle";
  #ackTimer: ReturnType<typeof setTimeout> | undefined;
  #ackAt = 0;
  #waitTimer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  constructor(
    private readonly core: SessionCore,
    private readonly connection: Connection,
    private readonly events: PumpEvents,
  ) {}

  /** Sends what there is to send. Frames submitted in one turn of the event loop share one push. */
  poke(): void {
    if (this.#state !== "idle") return;
    const delayMs = this.core.ackDelayMs;
    if (this.core.pending || delayMs === 0) {
      this.#state = "scheduled";
      queueMicrotask(() => this.#next());
    } else if (delayMs !== undefined) {
      this.#ackWithin(delayMs);
    }
  }

  #ackWithin(ms: number): void {
    const at = Date.now() + ms;
    if (this.#ackTimer !== undefined && this.#ackAt <= at) return;
    clearTimeout(this.#ackTimer);
    this.#ackAt = at;
    this.#ackTimer = setTimeout(() => {
      this.#ackTimer = undefined;
      if (this.#state === "idle") this.#next();
    }, ms);
  }

  /** Stops sending. */
  stop(): void {
    this.#state = "stopped";
    clearTimeout(this.#ackTimer);
    clearTimeout(this.#waitTimer);
  }

  #next(): void {
    if (this.#state === "stopped") return;
    const frames = this.core.take(true);
    const last = frames.at(-1);
    this.#state = "idle";
    if (!last) return;
    this.#state = "pushing";
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    const { sessionToken, epoch } = this.core;
    this.connection
      .push({ sessionToken, epoch, frames })
      .then((pushed) => this.#pushed(pushed, last.seq ?? 0, last.ack ?? 0))
      .catch((error: unknown) => this.#failed(error, frames.some((frame) => frame.pong)))
      .then((waitMs) => this.#after(waitMs));
  }

  #pushed(pushed: Pushed, lastSeq: number, ack: number): number {
    if (this.#stopped) return 0;
    this.core.ackArrived(ack);
    if (pushed.ack !== undefined) this.core.confirm(pushed.ack);
    this.events.progress();
    const short = pushed.ack !== undefined && pushed.ack < lastSeq;
    if (!short) {
      this.#failures = 0;
      this.#backoff.reset();
      return pushed.retryAfterMs ?? 0;
    }
    this.core.rewind();
    if (pushed.retryAfterMs) return pushed.retryAfterMs;
    return this.#again(
      new WigwagError("the server did not accept the frames of this session: reconnecting", {
        code: "ABORTED",
        reason: "DETACHED",
      }),
    );
  }

  #failed(cause: unknown, hadPong: boolean): number {
    if (this.#stopped) return 0;
    const error = asWigwagError(cause);
    this.core.rewind();
    if (hadPong) this.core.pong();
    if (error instanceof FrameEncodingError && error.seq > 0) {
      this.core.empty(error.seq);
      this.events.unencodable(error);
      return 0;
    }
    if (FINAL.has(error.reason) || !error.retryable) {
      this.events.broken(error);
      return 0;
    }
    return this.#again(error);
  }

  /** Returns how long to wait before a retry, or gives the connection up after too many. */
  #again(error: WigwagError): number {
    this.#failures += 1;
    if (this.#failures > MAX_FAILURES) {
      this.events.broken(error);
      return 0;
    }
    return this.#backoff.next(error.retryAfterMs);
  }

  #after(waitMs: number): void {
    if (this.#stopped) return;
    if (waitMs === 0) {
      this.#state = "idle";
      this.poke();
      return;
    }
    this.#state = "waiting";
    this.#waitTimer = setTimeout(() => {
      this.#state = "idle";
      this.poke();
    }, waitMs);
  }

  get #stopped(): boolean {
    return this.#state === "stopped";
  }
}

/** Converts anything thrown. */
export function asWigwagError(cause: unknown): WigwagError {
  if (cause instanceof WigwagError) return cause;
  return new WigwagError(`the connection to the server was lost: ${String(cause)}`, {
    code: "UNAVAILABLE",
    reason: "CONNECTION_LOST",
    cause,
  });
}
