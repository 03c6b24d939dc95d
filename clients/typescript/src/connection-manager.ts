import { adviceFor, isCausedByFrame } from "./advice.js";
import { Attachment, type AttachmentEvents } from "./attachment.js";
import { Backoff } from "./backoff.js";
import type { ClientBody } from "./client-body.js";
import { WigwagError } from "./error.js";
import type { GoAwayJson, HelloJson } from "./gen/wigwag/v1/frame_pb.js";
import { isTooLarge } from "./frame-size.js";
import { asWigwagError } from "./pump.js";
import { SessionCore } from "./session-core.js";
import type { Transport, TransportFactory } from "./transport.js";
import { parseUrl } from "./url.js";

/** How long closing may take. */
const CLOSE_TIMEOUT_MS = 3_000;
/** Limit of frames that wait for room in the send buffer; beyond it, sending fails. */
const MAX_WAITING = 4_096;
/** A connection that lasted this long resets the back-off, even if it carried nothing. */
const STABLE_AFTER_MS = 8_000;
/** How long the client stays connected to a server that ends the session, to read its last frames. */
const LAST_FRAMES_MS = 1_000;
/** After an attachment of at least this duration, the client moves to another server without waiting. */
const MOVE_AT_ONCE_MS = 1_000;

/** Options of a {@link ConnectionManager}. */
export interface ConnectionOptions {
  url: string;
  transport: TransportFactory;
  /** Makes the hello of the next connection, without `resume`. `refreshed`: the last token of `refreshToken`, if any. */
  hello: (refreshed: string | undefined) => Promise<HelloJson>;
  /** Whether the application provides a fresh token for every connection. */
  renewableToken: boolean;
  /** Returns the versions of the joined rooms. */
  roomVersions: () => Record<string, number>;
}

/** What a {@link ConnectionManager} reports. */
export interface ConnectionEvents extends Omit<AttachmentEvents, "goAway" | "progress"> {
  /** The connection was lost; the next attempt is in `delayMs`. */
  reconnecting(attempt: number, delayMs: number, error: WigwagError): void;
  /** The session ended: closed by the application (no error), or with an error that reconnecting cannot fix. */
  finished(error: WigwagError | undefined): void;
}

interface Waiting {
  submit(): void;
  fail(error: WigwagError): void;
}

/** Keeps a session connected: connects, reconnects, gives up. */
export class ConnectionManager {
  readonly core = new SessionCore();
  /** The last token of `refreshToken`. */
  token: string | undefined;
  readonly #backoff = new Backoff();
  #attachment: Attachment | undefined;
  /** The last attachment that was welcomed: a bye may be sent through it even when it has ended. */
  #latest: Attachment | undefined;
  #ran: Promise<void> = Promise.resolve();
  /** Set when the session accepts no more calls. */
  #ended: { error: WigwagError | undefined } | undefined;
  #finished = false;
  /** The application closed the session; queued frames are still sent. */
  #closing = false;
  #waiting: Waiting[] = [];
  #wakeUp: (() => void) | undefined;
  #moveTimer: ReturnType<typeof setTimeout> | undefined;
  #moving = false;
  #endpoint = "";
  /** Why the next attachment is a new session: the server ends this one. */
  #rejoinReason: string | undefined;
  /** Whether the connection that ended carried a frame in either direction. */
  #progressed = false;
  /** The position at which the last resumed attachment failed, and how often in a row. */
  #stuck = { at: "", times: 0 };

  constructor(
    private readonly options: ConnectionOptions,
    private readonly events: ConnectionEvents,
  ) {}

  /** The name of the transport of the present attachment, or of the last one; empty before the first. */
  get transport(): string {
    return this.#latest?.transport ?? "";
  }

  /** Connects and stays connected until the session ends. */
  run(): Promise<void> {
    return (this.#ran = this.#run());
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      const began = Date.now();
      const resuming = this.core.epoch > 0;
      const position = this.#position;
      const error = await this.#attach();
      this.#progressed = this.#position !== position;
      if (this.#ended) return;
      const welcomed = this.#attachment?.welcomed ?? false;
      this.#attachment = undefined;
      this.#decide(error, resuming && welcomed, Date.now() - began);
      if (this.#ended) return;
      await this.#pause(error, welcomed ? Date.now() - began : 0);
    }
  }

  /**
   * Numbers a frame, now or when the send buffer has room, and calls `onSeq` synchronously. A frame whose signal aborted before
   * that is not sent.
   */
  submit(
    body: ClientBody,
    maxFrameBytes: number,
    onSeq: (seq: number) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    if (this.#ended || this.#closing) return Promise.reject(this.#ended?.error ?? endedError());
    if (isTooLarge(body, maxFrameBytes, this.transport === "websocket")) {
      return Promise.reject(
        new WigwagError(`the frame exceeds the server's limit of ${maxFrameBytes} bytes: send less at once`, {
          code: "RESOURCE_EXHAUSTED",
          reason: "FRAME_TOO_LARGE",
          metadata: { limit: String(maxFrameBytes) },
          advice: "stop",
        }),
      );
    }
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(
        new WigwagError(`${MAX_WAITING} signals wait to be sent: await earlier ones first`, {
          code: "RESOURCE_EXHAUSTED",
          reason: "LIMIT_EXCEEDED",
          metadata: { limit: String(MAX_WAITING) },
        }),
      );
    }
    return this.#queue(body, onSeq, signal);
  }

  #queue(body: ClientBody, onSeq: (seq: number) => void, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const submit = () => {
        try {
          signal?.throwIfAborted();
          onSeq(this.core.submit(body));
          resolve();
        } catch (error) {
          reject(error);
        }
      };
      // After those that wait already, to keep the order of the calls.
      if (this.core.full || this.#waiting.length > 0) this.#waiting.push({ submit, fail: reject });
      else submit();
      this.#attachment?.poke();
    });
  }

  /** Fails the frames that wait for room, when the session was reset. */
  dropWaiting(error: WigwagError): void {
    for (const waiting of this.#waiting.splice(0)) waiting.fail(error);
  }

  /** Reconnects at once, or checks whether the connection is alive: the page or its network came back. */
  wake(networkChanged: boolean): void {
    if (networkChanged) this.#backoff.reset();
    this.#wakeUp?.();
    this.#attachment?.probe();
  }

  /** Acknowledges at once what was delivered: the page is hidden, and may be discarded. */
  hidden(): void {
    this.#attachment?.ackNow();
  }

  /** Sends what is queued, then `bye`, and ends the session, after at most 3 s. */
  async close(): Promise<void> {
    if (this.#ended || this.#closing) return;
    this.#closing = true;
    if (this.core.epoch > 0) {
      this.#queue({ bye: {} }, () => undefined).catch(() => undefined);
      this.#wakeUp?.();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_TIMEOUT_MS)));
      await Promise.race([this.#ran, enough]);
      clearTimeout(timer);
      if (!this.#ended) this.#latest?.pushLast();
    }
    this.finish(undefined);
  }

  /** Ends the session of a page that is being unloaded: sends everything unacknowledged and `bye`, best effort. */
  abandon(): void {
    if (this.#finished) return;
    this.#latest?.pushLast();
    // The connection is left open: if the server saw it close before the bye, it would wait for a resume.
    this.#attachment = undefined;
    this.finish(undefined);
  }

  /** Ends the session on the client. */
  finish(error: WigwagError | undefined): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#ended ??= { error };
    clearTimeout(this.#moveTimer);
    this.dropWaiting(this.#ended.error ?? endedError());
    this.#attachment?.end(this.#ended.error ?? endedError());
    this.#attachment = undefined;
    this.#wakeUp?.();
    this.events.finished(this.#ended.error);
  }

  async #attach(): Promise<WigwagError> {
    let hello: HelloJson;
    try {
      hello = await this.options.hello(this.token);
    } catch (cause) {
      return new WigwagError("the token function of the application failed", {
        code: "UNAUTHENTICATED",
        reason: "TOKEN_MISSING",
        advice: "retry",
        cause,
      });
    }
    if (this.#ended) return endedError();
    const resume = this.core.resume(this.options.roomVersions());
    let transport: Transport;
    try {
      transport = this.options.transport(this.#endpoint || this.options.url);
    } catch (cause) {
      return asWigwagError(cause);
    }
    const attachment = new Attachment(transport, { ...hello, resumable: true, ...(resume && { resume }) }, this.core, {
      ...this.events,
      attached: (welcome, attached) => {
        this.#latest = this.#attachment;
        this.events.attached(welcome, attached);
        // The bye was lost with the old session, so the new one is closed, too.
        if (this.#closing && attached.outcome === "reset") this.core.submit({ bye: {} });
      },
      progress: () => this.#progress(),
      goAway: (goAway) => this.#goAway(goAway, attachment),
    });
    this.#attachment = attachment;
    const error = await attachment.run();
    clearTimeout(this.#moveTimer);
    // The server answered the bye by ending the stream.
    if (this.#closing && !error && attachment.welcomed) this.#ended = { error: undefined };
    return (
      error ??
      new WigwagError("the connection to the server was lost", { code: "UNAVAILABLE", reason: "CONNECTION_LOST" })
    );
  }

  /** Decides whether to reconnect; ends the session if not. */
  #decide(error: WigwagError, resumed: boolean, livedMs: number): void {
    const advice = adviceFor(error, {
      established: this.core.epoch > 0,
      renewableToken: this.options.renewableToken,
    });
    if (advice === "stop") {
      this.finish(error);
      return;
    }
    if (resumed && this.#isStuck(error)) {
      this.finish(stuckError(error));
      return;
    }
    const rejoinReason = this.#rejoinReason ?? (advice === "rejoin" ? error.reason : undefined);
    this.#rejoinReason = undefined;
    if (rejoinReason !== undefined) this.core.discard(rejoinReason);
    // A server that welcomes and then disconnects must not be retried without delay.
    if (this.#progressed || livedMs > STABLE_AFTER_MS) this.#backoff.reset();
  }

  /** Returns true when two resumes in a row failed at the same frame. */
  #isStuck(error: WigwagError): boolean {
    if (!isCausedByFrame(error)) return false;
    const at = this.#position;
    this.#stuck = this.#stuck.at === at ? { at, times: this.#stuck.times + 1 } : { at, times: 1 };
    return this.#stuck.times >= 2;
  }

  /** The last frame delivered to the application, and the last frame the server acknowledged. */
  get #position(): string {
    return `${this.core.delivered}/${this.core.confirmed}`;
  }

  async #pause(error: WigwagError, livedMs: number): Promise<void> {
    const moving = this.#moving && livedMs >= MOVE_AT_ONCE_MS;
    // An endpoint the server named is used for one attempt.
    if (!this.#moving) this.#endpoint = "";
    this.#moving = false;
    const delayMs = moving ? 0 : Math.round(this.#backoff.next(error.retryAfterMs));
    this.events.reconnecting(this.#backoff.attempt, delayMs, error);
    if (delayMs === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#ended) this.#wakeUp();
    });
    this.#wakeUp = undefined;
  }

  #goAway(goAway: GoAwayJson, attachment: Attachment): void {
    const reason = goAway.reason || "DRAINING";
    const ends = !goAway.resumable || goAway.advice === "ADVICE_REJOIN";
    this.#rejoinReason = ends ? reason : undefined;
    const move = () => {
      this.#moving = true;
      this.#endpoint = this.#permitted(goAway.endpoint ?? "");
      attachment.end(
        new WigwagError("the server asked this client to reconnect", {
          code: "UNAVAILABLE",
          reason,
          advice: ends ? "rejoin" : "resume",
        }),
      );
    };
    clearTimeout(this.#moveTimer);
    this.#moveTimer = setTimeout(move, (goAway.reconnectAfterMs ?? 0) + (ends ? LAST_FRAMES_MS : 0));
  }

  /** Returns the endpoint, or an empty string if it is invalid or would move a session from TLS to cleartext. */
  #permitted(endpoint: string): string {
    const protocol = parseUrl(endpoint)?.protocol;
    return protocol === "https:" || (protocol === "http:" && this.options.url.startsWith("http:")) ? endpoint : "";
  }

  /** Sends frames that waited for room in the send buffer. */
  #progress(): void {
    while (this.#waiting.length > 0 && !this.core.full) this.#waiting.shift()?.submit();
    this.#attachment?.poke();
  }
}

/** The error of every call on a closed session. */
export function endedError(): WigwagError {
  return new WigwagError("the session is closed: connect again", { code: "FAILED_PRECONDITION", reason: "CLOSED", advice: "stop" });
}

function stuckError(cause: WigwagError): WigwagError {
  return new WigwagError(`two resumes in a row failed at the same frame: ${cause.message}`, {
    code: "DATA_LOSS",
    reason: "STUCK",
    metadata: { reason: cause.reason },
    advice: "stop",
    cause,
  });
}
