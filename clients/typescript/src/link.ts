import { adviceFor, isFault } from "./advice.js";
import { Attachment, type AttachmentEvents } from "./attachment.js";
import { Backoff } from "./backoff.js";
import { WigwagError } from "./error.js";
import type { GoAwayJson, HelloJson } from "./gen/wigwag/v1/frame_pb.js";
import { isTooLarge } from "./frame-size.js";
import { asWigwagError } from "./pump.js";
import { type ClientBody, SessionCore } from "./session-core.js";
import type { Transport, TransportFactory } from "./transport.js";
import { parseUrl } from "./url.js";

/** How long a bye may take. */
const CLOSE_TIMEOUT_MS = 3_000;
/** Frames that may wait for room in the outbox; beyond it, sending fails. */
const MAX_WAITING = 4_096;
/** A connection that lived this long was good, whatever came over it. */
const GOOD_LIFE_MS = 8_000;
/** What a server that goes may still have to say once its moment is over. */
const LAST_WORDS_MS = 1_000;
/** An attachment that lived at least this long may be followed by the next one at once. */
const SETTLED_MS = 1_000;

/** What a link is made with. */
export interface LinkOptions {
  url: string;
  transport: TransportFactory;
  /** The hello of the next connection, without `resume`. `refreshed`: the token the application last gave, if it did. */
  hello: (refreshed: string | undefined) => Promise<HelloJson>;
  /** The application gives a fresh token for every connection. */
  renewableToken: boolean;
  /** Versions of the joined rooms. */
  roomVersions: () => Record<string, number>;
}

/** What a link tells. */
export interface LinkEvents extends Omit<AttachmentEvents, "goAway" | "progress"> {
  /** The connection was lost; the next try is in `delayMs`. */
  reconnecting(attempt: number, delayMs: number, error: WigwagError): void;
  /** The session is over: closed here (no error), or with an error that coming back cannot heal. */
  finished(error: WigwagError | undefined): void;
}

interface Waiting {
  submit(): void;
  fail(error: WigwagError): void;
}

/** Keeps a session attached: connects, comes back, gives up. */
export class Link {
  readonly core = new SessionCore();
  /** The token the application last gave. */
  token: string | undefined;
  readonly #backoff = new Backoff();
  #attachment: Attachment | undefined;
  /** The last one that was welcomed: a bye may be said through it even when it has ended. */
  #latest: Attachment | undefined;
  #ran: Promise<void> = Promise.resolve();
  /** Set from the moment on at which the session takes no more; `finished` when the last word is said, too. */
  #over: { error: WigwagError | undefined } | undefined;
  #finished = false;
  /** The application wants no more; what waits is still sent. */
  #closing = false;
  #waiting: Waiting[] = [];
  #wakeUp: (() => void) | undefined;
  #moveTimer: ReturnType<typeof setTimeout> | undefined;
  #moving = false;
  #endpoint = "";
  /** The server goes and takes the session with it, for this reason: the next attachment is a new session. */
  #leaving: string | undefined;
  /** The connection that ended brought something. */
  #progressed = false;
  /** Where the last resumed attachment got stuck, and how often in a row. */
  #stuck = { at: "", times: 0 };

  constructor(
    private readonly options: LinkOptions,
    private readonly events: LinkEvents,
  ) {}

  /** What carries the present attachment, or the last one; empty before the first. */
  get transport(): string {
    return this.#latest?.transport ?? "";
  }

  /** Connects and stays connected until the session is over. */
  run(): Promise<void> {
    return (this.#ran = this.#run());
  }

  async #run(): Promise<void> {
    while (!this.#over) {
      const began = Date.now();
      const resuming = this.core.epoch > 0;
      const position = this.#position;
      const error = await this.#attach();
      this.#progressed = this.#position !== position;
      if (this.#over) return;
      const welcomed = this.#attachment?.welcomed ?? false;
      this.#attachment = undefined;
      this.#decide(error, resuming && welcomed, Date.now() - began);
      if (this.#over) return;
      await this.#pause(error, welcomed ? Date.now() - began : 0);
    }
  }

  /**
   * Numbers a frame, now or when the outbox has room; `onSeq` is called in the same moment. Whoever gave up waiting does not find
   * it sent later.
   */
  submit(
    body: ClientBody,
    maxFrameBytes: number,
    onSeq: (seq: number) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    if (this.#over || this.#closing) return Promise.reject(this.#over?.error ?? endedError());
    if (isTooLarge(body, maxFrameBytes, this.transport === "websocket")) {
      return Promise.reject(
        new WigwagError(`the frame is larger than the ${maxFrameBytes} bytes this server takes`, {
          code: "RESOURCE_EXHAUSTED",
          reason: "FRAME_TOO_LARGE",
          metadata: { limit: String(maxFrameBytes) },
          advice: "stop",
        }),
      );
    }
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(
        new WigwagError("too many signals wait to be sent: await the earlier ones first", {
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
      // Behind those that wait already: what one peer sends to another keeps its order.
      if (this.core.full || this.#waiting.length > 0) this.#waiting.push({ submit, fail: reject });
      else submit();
      this.#attachment?.poke();
    });
  }

  /** Fails what waits for room; for a session that was reset. */
  dropWaiting(error: WigwagError): void {
    for (const waiting of this.#waiting.splice(0)) waiting.fail(error);
  }

  /** The page or its network came back: try at once, or look whether the connection lives. */
  wake(networkChanged: boolean): void {
    if (networkChanged) this.#backoff.reset();
    this.#wakeUp?.();
    this.#attachment?.probe();
  }

  /** Sends what waits, says bye and ends; when that takes too long, without. */
  async close(): Promise<void> {
    if (this.#over || this.#closing) return;
    this.#closing = true;
    if (this.core.epoch > 0) {
      this.#queue({ bye: {} }, () => undefined).catch(() => undefined);
      this.#wakeUp?.();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_TIMEOUT_MS)));
      await Promise.race([this.#ran, enough]);
      clearTimeout(timer);
      if (!this.#over) this.#latest?.farewell();
    }
    this.finish(undefined);
  }

  /** The page is gone: says bye as far as that can still be said. */
  abandon(): void {
    if (this.#finished) return;
    this.#latest?.farewell();
    // Not ended from here: if the server saw the way down close before the bye, it would wait for a resume.
    this.#attachment = undefined;
    this.finish(undefined);
  }

  /** Ends the session on this side. */
  finish(error: WigwagError | undefined): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#over ??= { error };
    clearTimeout(this.#moveTimer);
    this.dropWaiting(this.#over.error ?? endedError());
    this.#attachment?.end(this.#over.error ?? endedError());
    this.#attachment = undefined;
    this.#wakeUp?.();
    this.events.finished(this.#over.error);
  }

  async #attach(): Promise<WigwagError> {
    let hello: HelloJson;
    try {
      hello = await this.options.hello(this.token);
    } catch (cause) {
      return new WigwagError("the application gave no token", {
        code: "UNAUTHENTICATED",
        reason: "TOKEN_MISSING",
        advice: "retry",
        cause,
      });
    }
    if (this.#over) return endedError();
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
        // The bye went with the old session; the new one nobody wants.
        if (this.#closing && attached.outcome === "reset") this.core.submit({ bye: {} });
      },
      progress: () => this.#progress(),
      goAway: (goAway) => this.#goAway(goAway, attachment),
    });
    this.#attachment = attachment;
    const error = await attachment.run();
    clearTimeout(this.#moveTimer);
    // That was the answer to the bye.
    if (this.#closing && !error && attachment.welcomed) this.#over = { error: undefined };
    return (
      error ??
      new WigwagError("the connection to the server was lost", { code: "UNAVAILABLE", reason: "CONNECTION_LOST" })
    );
  }

  /** Decides whether to come back; ends the session when not. */
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
    const leaving = this.#leaving ?? (advice === "rejoin" ? error.reason : undefined);
    this.#leaving = undefined;
    if (leaving !== undefined) this.core.forget(leaving);
    // A server that says hello and hangs up must not be asked at full speed.
    if (this.#progressed || livedMs > GOOD_LIFE_MS) this.#backoff.reset();
  }

  /** True when two resumes in a row came to the same end at the same frame. */
  #isStuck(error: WigwagError): boolean {
    if (!isFault(error)) return false;
    const at = this.#position;
    this.#stuck = this.#stuck.at === at ? { at, times: this.#stuck.times + 1 } : { at, times: 1 };
    return this.#stuck.times >= 2;
  }

  /** The last frames either side is known to have. */
  get #position(): string {
    return `${this.core.heard}/${this.core.confirmed}`;
  }

  async #pause(error: WigwagError, livedMs: number): Promise<void> {
    const moving = this.#moving && livedMs >= SETTLED_MS;
    // An endpoint the server named is good for one try.
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
      if (this.#over) this.#wakeUp();
    });
    this.#wakeUp = undefined;
  }

  #goAway(goAway: GoAwayJson, attachment: Attachment): void {
    const reason = goAway.reason || "DRAINING";
    const ends = !goAway.resumable || goAway.advice === "ADVICE_REJOIN";
    this.#leaving = ends ? reason : undefined;
    const move = () => {
      this.#moving = true;
      this.#endpoint = this.#permitted(goAway.endpoint ?? "");
      attachment.end(
        new WigwagError("the server asked this client to connect elsewhere", {
          code: "UNAVAILABLE",
          reason,
          advice: ends ? "rejoin" : "resume",
        }),
      );
    };
    clearTimeout(this.#moveTimer);
    this.#moveTimer = setTimeout(move, (goAway.reconnectAfterMs ?? 0) + (ends ? LAST_WORDS_MS : 0));
  }

  /** A server may not send a session from TLS to cleartext. */
  #permitted(endpoint: string): string {
    const protocol = parseUrl(endpoint)?.protocol;
    return protocol === "https:" || (protocol === "http:" && this.options.url.startsWith("http:")) ? endpoint : "";
  }

  /** The outbox may have room now. */
  #progress(): void {
    while (this.#waiting.length > 0 && !this.core.full) this.#waiting.shift()?.submit();
    this.#attachment?.poke();
  }
}

/** The error of everything asked of a session that was closed. */
export function endedError(): WigwagError {
  return new WigwagError("the session is closed", { code: "FAILED_PRECONDITION", reason: "CLOSED", advice: "stop" });
}

function stuckError(cause: WigwagError): WigwagError {
  return new WigwagError(`two resumes in a row broke at the same frame: ${cause.message}`, {
    code: "DATA_LOSS",
    reason: "STUCK",
    metadata: { reason: cause.reason },
    advice: "stop",
    cause,
  });
}
