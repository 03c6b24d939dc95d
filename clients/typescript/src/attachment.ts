import { WigwagError } from "./error.js";
import type { GoAwayJson, HelloJson, ServerFrameJson, WelcomeJson } from "./gen/wigwag/v1/frame_pb.js";
import { asWigwagError, Pump } from "./pump.js";
import { RosterParts } from "./roster-parts.js";
import { type Attached, protocolError, type SessionCore, type Arrival } from "./session-core.js";
import type { Connection, FrameEncodingError, Transport } from "./transport.js";

/** Time from the hello to the welcome. */
const WELCOME_TIMEOUT_MS = 10_000;
/** Heartbeat intervals without a frame after which a connection is dead: two missed heartbeats, and half of one more. */
const MISSED_HEARTBEATS = 2.5;
/** The same after the page or its network came back: the very next heartbeat must arrive. */
const SUSPECT_HEARTBEATS = 1.2;

/** What an attachment reports, in the order of the frames. */
export interface AttachmentEvents {
  /** The welcome arrived. */
  attached(welcome: WelcomeJson, attached: Attached): void;
  /**
   * Handles the next frame. Returns true when it completed a call of the application, which then gets a turn of the event
   * loop before the next frame. Returns a promise when the frame must be decrypted first; the next frame waits for it.
   */
  frame(frame: ServerFrameJson): boolean | Promise<boolean>;
  /** The server asked this client to reconnect. */
  goAway(goAway: GoAwayJson): void;
  /** The server acknowledged frames. */
  progress(): void;
  /** A frame cannot be encoded: the call that made it fails. */
  unencodable(error: FrameEncodingError): void;
  /** Returns undefined while events are read fast enough, otherwise a promise that resolves when they are. */
  backpressure(): Promise<unknown> | undefined;
  /** Ends the iterators that are not read. */
  cut(): void;
}

/** One connection of a session, from its hello to its end. */
export class Attachment {
  readonly #abort = new AbortController();
  readonly #connection: Connection;
  readonly #pump: Pump;
  readonly #parts = new RosterParts();
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
      unencodable: (error) => events.unencodable(error),
      broken: (error) => this.end(error),
    });
  }

  /** The name of the transport. */
  get transport(): string {
    return this.#connection.transport;
  }

  /** Whether the welcome arrived, so that frames may be sent. */
  get welcomed(): boolean {
    return this.#welcomed;
  }

  /** Reads until the connection ends. Returns why, or undefined when it ended without an error. */
  async run(): Promise<WigwagError | undefined> {
    this.#expectWithin(WELCOME_TIMEOUT_MS);
    try {
      for await (const frame of this.#connection.frames) {
        if (this.#abort.signal.aborted) break;
        this.#frameArrived();
        const answered = this.#take(frame);
        if (typeof answered === "boolean" ? answered : await answered) await turn();
        await this.#waitForReaders();
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

  /** Sends what there is to send. */
  poke(): void {
    if (this.#welcomed) this.#pump.poke();
  }

  /** Checks at once whether the connection is alive, since timers may have been suspended. */
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

  /** Acknowledges at once what was delivered: the page may be stopped, or gone, before the next frame. */
  ackNow(): void {
    if (!this.#welcomed) return;
    this.core.ackNow();
    this.#pump.poke();
  }

  /** Sends everything unacknowledged and `bye`, synchronously, for a page that is being unloaded. */
  pushLast(): void {
    if (!this.#welcomed) return;
    const { sessionToken, epoch } = this.core;
    const frames = this.core.takeAll({ bye: {} });
    this.#pump.stop();
    this.#connection.pushLast({ sessionToken, epoch, frames });
  }

  /** Turns an exception while handling a frame into a protocol error; it is not a lost connection. */
  #take(frame: ServerFrameJson): boolean | Promise<boolean> {
    try {
      return this.#receive(frame);
    } catch (cause) {
      throw cause instanceof WigwagError ? cause : protocolError("a frame of the server could not be processed", cause);
    }
  }

  /** Handles one frame. Returns true when the application should get a turn before the next. */
  #receive(frame: ServerFrameJson): boolean | Promise<boolean> {
    if (frame.error?.fatal) throw WigwagError.fromFrame(frame.error);
    if (!this.#welcomed) return this.#welcome(frame);
    if (frame.welcome) throw protocolError("the server sent a second welcome");
    const whole = this.#parts.add(frame);
    if (whole) return this.#apply(whole);
    if (frame.ack) this.core.confirm(frame.ack);
    this.events.progress();
    return false;
  }

  #apply(frame: ServerFrameJson): boolean | Promise<boolean> {
    const arrival = this.core.receive(frame);
    this.events.progress();
    if (arrival === "gap") {
      throw new WigwagError("a frame of the server is missing: the session is resumed", { code: "DATA_LOSS", reason: "SEQ_GAP" });
    }
    let answered: boolean | Promise<boolean> = false;
    if (arrival === "new") {
      if (frame.ping) {
        this.core.pong();
      } else if (frame.goAway) {
        this.core.ackAtOnce();
        this.events.goAway(frame.goAway);
      } else {
        answered = this.events.frame(frame);
      }
    }
    if (typeof answered !== "boolean") return answered.then((later) => this.#handled(frame, arrival, later));
    return this.#handled(frame, arrival, answered);
  }

  #handled(frame: ServerFrameJson, arrival: Arrival, answered: boolean): boolean {
    if (arrival === "new") this.core.handled(frame);
    this.#pump.poke();
    return answered;
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

  /** Waits while events are not read, for at most one heartbeat interval. */
  async #waitForReaders(): Promise<void> {
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
    // Nothing was read meanwhile, so the time since the last frame says nothing about the server.
    this.#frameArrived();
  }

  #frameArrived(): void {
    if (this.#welcomed) this.#deadline = Date.now() + this.#heartbeatMs * MISSED_HEARTBEATS;
  }

  #expectWithin(ms: number): void {
    this.#deadline = Date.now() + ms;
    this.#arm();
  }

  /** Timers may fire late, so the deadline decides, not the timer. */
  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => (Date.now() >= this.#deadline ? this.#expire() : this.#arm()),
      Math.max(0, this.#deadline - Date.now()) + 1,
    );
  }

  #expire(): void {
    this.end(
      new WigwagError("no frame from the server within the heartbeat timeout: reconnecting", {
        code: "ABORTED",
        reason: "HEARTBEAT_TIMEOUT",
      }),
    );
  }
}

/**
 * Waits one turn of the event loop, so that what the application does right after `await session.join(…)`, such as adding
 * listeners, is done before the next frame is handled.
 */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof MessageChannel === "undefined") {
      setTimeout(resolve);
      return;
    }
    // Not a timer: browsers throttle those of background pages to once a second or less.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
