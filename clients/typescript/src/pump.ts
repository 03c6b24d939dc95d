import { Backoff } from "./backoff.js";
import { WigwagError } from "./error.js";
import type { SessionCore } from "./session-core.js";
import type { Connection, Pushed } from "./transport.js";

/** An acknowledgment that nothing carries goes out by itself after this long; 500 ms is what the contract allows. */
const ACK_DELAY_MS = 100;
/** Failed pushes in a row after which the connection is given up, while its way down still seems to live. */
const MAX_FAILURES = 3;
/** Trying the same push again cannot help: the attachment is over. */
const OVER: ReadonlySet<string> = new Set(["DETACHED", "SUPERSEDED", "UNKNOWN_SESSION"]);

/** What a pump tells. */
export interface PumpEvents {
  /** The server confirmed frames. */
  progress(): void;
  /** The way up is broken: give the connection up. */
  broken(error: WigwagError): void;
}

/** Sends what the core has to say up one connection: one push at a time, as much as is there in each. */
export class Pump {
  readonly #backoff = new Backoff();
  #state: "idle" | "scheduled" | "pushing" | "waiting" | "stopped" = "idle";
  #ackTimer: ReturnType<typeof setTimeout> | undefined;
  #waitTimer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  constructor(
    private readonly core: SessionCore,
    private readonly connection: Connection,
    private readonly events: PumpEvents,
  ) {}

  /** There may be something to send. Frames submitted in one turn go up in one push. */
  poke(): void {
    if (this.#state !== "idle") return;
    const due = this.core.ackDue;
    if (this.core.pending || due === "now") {
      this.#state = "scheduled";
      queueMicrotask(() => this.#next());
    } else if (due === "soon") {
      this.#ackTimer ??= setTimeout(() => {
        this.#ackTimer = undefined;
        if (this.#state === "idle") this.#next();
      }, ACK_DELAY_MS);
    }
  }

  /** Sends nothing any more. */
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
    this.core.arrived(ack);
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
      new WigwagError("the server does not take this session's frames", { code: "ABORTED", reason: "DETACHED" }),
    );
  }

  #failed(cause: unknown, hadPong: boolean): number {
    if (this.#stopped) return 0;
    const error = asWigwagError(cause);
    this.core.rewind();
    if (hadPong) this.core.pong();
    if (OVER.has(error.reason) || !error.retryable) {
      this.events.broken(error);
      return 0;
    }
    return this.#again(error);
  }

  /** How long to wait before the same frames are sent again; too many times, and the connection is given up. */
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

/** Whatever was thrown, in this package's form. */
export function asWigwagError(cause: unknown): WigwagError {
  if (cause instanceof WigwagError) return cause;
  return new WigwagError(`the connection to the server was lost: ${String(cause)}`, {
    code: "UNAVAILABLE",
    reason: "CONNECTION_LOST",
    cause,
  });
}
