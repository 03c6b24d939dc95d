import { WigwagError } from "./error.js";
import type { GoAwayJson, HelloJson, ServerFrameJson, WelcomeJson } from "./gen/wigwag/v1/frame_pb.js";
import { asWigwagError, Pump } from "./pump.js";
import { type Attached, protocolError, type SessionCore, type Verdict } from "./session-core.js";
import type { Connection, Transport } from "./transport.js";

/** Time from the hello to the welcome. */
const WELCOME_TIMEOUT_MS = 10_000;
/** Heartbeats without a sign of life after which a connection is dead: two missed, and half a one of patience. */
const MISSED_HEARTBEATS = 2.5;
/** The same after the page or its network came back: the next heartbeat must come. */
const SUSPECT_HEARTBEATS = 1.2;

/** What an attachment tells, in the order of the frames. */
export interface AttachmentEvents {
  /** The welcome came. */
  attached(welcome: WelcomeJson, attached: Attached): void;
  /**
   * The next frame for the application. True: something the application awaits was settled, so give it a turn. A promise of
   * that when the frame must be opened first; no other comes before it is.
   */
  frame(frame: ServerFrameJson): boolean | Promise<boolean>;
  /** The server asks to go. */
  goAway(goAway: GoAwayJson): void;
  /** The server confirmed frames. */
  progress(): void;
  /** Undefined while events are read fast enough, else a promise of that. */
  backpressure(): Promise<unknown> | undefined;
  /** Waited long enough: cut who does not read. */
  cut(): void;
}

/** One connection of a session, from its hello to its end. */
export class Attachment {
  readonly #abort = new AbortController();
  readonly #connection: Connection;
  readonly #pump: Pump;
  #heartbeatMs = 10_000;
  #deadline = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #welcomed = false;
  #error: WigwagError | undefined;

  constructor(
    transport: Transport,
    hello: HelloJson,
    private readonly core: SessionCore,
    private readonly events: AttachmentEvents,
  ) {
    this.#connection = transport.open(hello, this.#abort.signal);
    this.#pump = new Pump(core, this.#connection, {
      progress: () => events.progress(),
      broken: (error) => this.end(error),
    });
  }

  /** What carries it. */
  get transport(): string {
    return this.#connection.transport;
  }

  /** The welcome came: frames may be sent. */
  get welcomed(): boolean {
    return this.#welcomed;
  }

  /** Reads until the connection ends. Returns why, or undefined when it broke off without a word. */
  async run(): Promise<WigwagError | undefined> {
    this.#expectWithin(WELCOME_TIMEOUT_MS);
    try {
      for await (const frame of this.#connection.frames) {
        if (this.#abort.signal.aborted) break;
        this.#alive();
        const settled = this.#take(frame);
        if (typeof settled === "boolean" ? settled : await settled) await turn();
        await this.#paced();
        if (this.#abort.signal.aborted) break;
      }
      return this.#error;
    } catch (cause) {
      return this.#error ?? asWigwagError(cause);
    } finally {
      this.#abort.abort();
      this.#pump.stop();
      clearTimeout(this.#timer);
    }
  }

  /** Ends this connection; {@link run} then returns the error. */
  end(error: WigwagError): void {
    this.#error ??= error;
    this.#pump.stop();
    this.#abort.abort(error);
  }

  /** There may be something to send. */
  poke(): void {
    if (this.#welcomed) this.#pump.poke();
  }

  /** Looks whether the connection lives, in place of waiting for a timer that may have been asleep. */
  probe(): void {
    if (!this.#welcomed) return;
    if (Date.now() >= this.#deadline) {
      this.#expire();
      return;
    }
    this.#expectWithin(Math.min(this.#deadline - Date.now(), this.#heartbeatMs * SUSPECT_HEARTBEATS));
    this.core.oweAck();
    this.#pump.poke();
  }

  /** Says bye while the page goes away. */
  farewell(): void {
    if (!this.#welcomed) return;
    const { sessionToken, epoch } = this.core;
    const frames = this.core.takeAll({ bye: {} });
    this.#pump.stop();
    this.#connection.farewell({ sessionToken, epoch, frames });
  }

  /** A frame that cannot be taken in is a fault of that frame, and no lost connection. */
  #take(frame: ServerFrameJson): boolean | Promise<boolean> {
    try {
      return this.#receive(frame);
    } catch (cause) {
      throw cause instanceof WigwagError ? cause : protocolError("a frame of the server cannot be taken in", cause);
    }
  }

  /** Takes one frame in; true when the application should get a turn before the next. */
  #receive(frame: ServerFrameJson): boolean | Promise<boolean> {
    if (frame.error?.fatal) throw WigwagError.fromFrame(frame.error);
    if (!this.#welcomed) return this.#welcome(frame);
    if (frame.welcome) throw protocolError("the server sent a second welcome");
    const verdict = this.core.receive(frame);
    this.events.progress();
    if (verdict === "gap") {
      throw new WigwagError("a frame of the server is missing", { code: "DATA_LOSS", reason: "SEQ_GAP" });
    }
    let settled: boolean | Promise<boolean> = false;
    if (verdict === "deliver") {
      if (frame.ping) {
        this.core.pong();
      } else if (frame.goAway) {
        this.core.hurry();
        this.events.goAway(frame.goAway);
      } else {
        settled = this.events.frame(frame);
      }
    }
    if (typeof settled !== "boolean") return settled.then((later) => this.#handled(frame, verdict, later));
    return this.#handled(frame, verdict, settled);
  }

  #handled(frame: ServerFrameJson, verdict: Verdict, settled: boolean): boolean {
    if (verdict === "deliver") this.core.handled(frame);
    this.#pump.poke();
    return settled;
  }

  #welcome(frame: ServerFrameJson): boolean {
    if (!frame.welcome) throw protocolError("the server's first frame is not a welcome");
    const attached = this.core.welcome(frame.welcome, frame.ack ?? 0);
    this.#welcomed = true;
    this.#heartbeatMs = frame.welcome.heartbeatMs || this.#heartbeatMs;
    this.#expectWithin(this.#heartbeatMs * MISSED_HEARTBEATS);
    this.events.attached(frame.welcome, attached);
    this.events.progress();
    this.#pump.poke();
    return true;
  }

  /** Waits while events are not read, one heartbeat at most. */
  async #paced(): Promise<void> {
    const waiting = this.events.backpressure();
    if (!waiting) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.events.cut();
        resolve();
      }, this.#heartbeatMs);
    });
    await Promise.race([waiting, enough]);
    clearTimeout(timer);
    // The silence was this side's own.
    this.#alive();
  }

  #alive(): void {
    if (this.#welcomed) this.#deadline = Date.now() + this.#heartbeatMs * MISSED_HEARTBEATS;
  }

  #expectWithin(ms: number): void {
    this.#deadline = Date.now() + ms;
    this.#arm();
  }

  /** Timers may fire late; what counts is when the last frame came. */
  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => (Date.now() >= this.#deadline ? this.#expire() : this.#arm()),
      Math.max(0, this.#deadline - Date.now()) + 1,
    );
  }

  #expire(): void {
    this.end(
      new WigwagError("the server has been silent for too long", { code: "ABORTED", reason: "HEARTBEAT_TIMEOUT" }),
    );
  }
}

/**
 * One turn of the event loop: what the application does right after `await session.join(…)`, adding listeners for
 * instance, is done before the next frame is handed out.
 */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof MessageChannel === "undefined") {
      setTimeout(resolve);
      return;
    }
    // Rather than a timer: background pages get those once a second or less.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
