import { closeError } from "./close-codes.js";
import { WigwagError } from "./error.js";
import type { ClientFrameJson, HelloJson, ServerFrameJson } from "./gen/wigwag/v1/frame_pb.js";
import type { Batch, Connection, Pushed, Transport } from "./transport.js";

const SUBPROTOCOL = "wigwag.v1.json";
/** Bytes that may wait in the socket before a push waits for them: a pong must not stand behind a long queue. */
const BUFFERED = 128 * 1024;
/** A socket does not tell when it has written: one has to look. */
const LOOK_AGAIN_MS = 10;
/**
 * Frames that may wait to be read. The server sends no more numbered ones than its mailbox holds unacknowledged, 1,024;
 * presence has no such bound.
 */
const UNREAD = 8_192;
const OPEN = 1;

/** What this package needs of a WebSocket: that of browsers, of Node 22, and of the package `ws` fit. */
export interface WebSocketLike {
  /** 1 while it is open. */
  readonly readyState: number;
  /** Bytes that wait to be written. */
  readonly bufferedAmount: number;
  /** The subprotocol the server chose. */
  readonly protocol: string;
  /** Sends a text. */
  send(data: string): void;
  /** Ends the connection after what was sent. */
  close(): void;
  /** Calls the listener when the connection is open, or failed. */
  addEventListener(type: "open" | "error", listener: () => void): void;
  /** Calls the listener with every message. */
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  /** Calls the listener when the connection has ended. */
  addEventListener(type: "close", listener: (event: { code: number; reason: string }) => void): void;
}

/** Makes a {@link WebSocketLike}. */
export type WebSocketConstructor = new (url: string, protocol: string) => WebSocketLike;

/** Options of {@link webSocketTransport}. */
export interface WebSocketOptions {
  /** Default: the runtime's own, `globalThis.WebSocket`. */
  webSocket?: WebSocketConstructor | undefined;
  /** Milliseconds until the socket must be open. Default: no limit of its own; `connect` has one for the whole attempt. */
  openTimeoutMs?: number;
}

/**
 * The WebSocket door, `/v1/signal`: protobuf JSON, one frame to a message. Throws INVALID_FIELD where the runtime has no
 * `WebSocket` and none is given.
 */
export function webSocketTransport(url: string, options: WebSocketOptions = {}): Transport {
  const webSocket = options.webSocket ?? runtimeWebSocket();
  if (!webSocket) {
    throw new WigwagError("this runtime has no WebSocket: pass one as `webSocket`, for instance that of the package ws", {
      code: "INVALID_ARGUMENT",
      reason: "INVALID_FIELD",
      metadata: { field: "webSocket" },
    });
  }
  const to = new URL(url);
  to.protocol = to.protocol === "https:" ? "wss:" : "ws:";
  to.pathname = `${to.pathname.replace(/\/+$/, "")}/v1/signal`;
  to.hash = "";
  return { open: (hello, signal) => new WebSocketConnection(webSocket, to.href, hello, signal, options.openTimeoutMs) };
}

/** The runtime's own WebSocket, where there is one. */
export function runtimeWebSocket(): WebSocketConstructor | undefined {
  return (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
}

class WebSocketConnection implements Connection {
  readonly transport = "websocket";
  readonly frames: AsyncIterable<ServerFrameJson>;
  #socket: WebSocketLike | undefined;
  #queue: ServerFrameJson[] = [];
  #end: { error: WigwagError | undefined } | undefined;
  #wake: () => void = () => undefined;

  constructor(
    webSocket: WebSocketConstructor,
    url: string,
    hello: HelloJson,
    signal: AbortSignal,
    openTimeoutMs: number | undefined,
  ) {
    this.frames = this.#read();
    if (signal.aborted) {
      this.#finish(lost());
      return;
    }
    let socket: WebSocketLike;
    try {
      socket = this.#socket = new webSocket(url, SUBPROTOCOL);
    } catch (cause) {
      this.#finish(unreachable(cause));
      return;
    }
    let opened = false;
    const timer =
      openTimeoutMs === undefined ? undefined : setTimeout(() => this.#abandon(unreachable()), openTimeoutMs);
    const abort = () => this.#abandon(lost());
    signal.addEventListener("abort", abort, { once: true });
    socket.addEventListener("open", () => {
      clearTimeout(timer);
      if (this.#end) return;
      if (socket.protocol !== SUBPROTOCOL) this.#abandon(unreachable());
      else {
        opened = true;
        this.#send({ hello });
      }
    });
    socket.addEventListener("message", ({ data }) => this.#take(data));
    socket.addEventListener("close", ({ code, reason }) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      this.#finish(opened ? closeError(code, reason) : unreachable());
    });
    // It says nothing that the close, which follows, does not; but unheard it would end a Node process.
    socket.addEventListener("error", () => undefined);
  }

  async push({ frames }: Batch): Promise<Pushed> {
    for (const frame of frames) this.#send(frame);
    while (!this.#end && (this.#socket?.bufferedAmount ?? 0) > BUFFERED) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
    return {};
  }

  farewell({ frames }: Batch): void {
    if (this.#socket?.readyState !== OPEN) return;
    for (const frame of frames) this.#send(frame);
    this.#socket.close();
  }

  #send(frame: ClientFrameJson): void {
    if (this.#end || this.#socket?.readyState !== OPEN) throw this.#end?.error ?? lost();
    this.#socket.send(JSON.stringify(frame));
  }

  #take(data: unknown): void {
    if (this.#end) return;
    let frame: unknown;
    try {
      frame = JSON.parse(String(data));
    } catch (cause) {
      this.#abandon(unreadable(cause));
      return;
    }
    if (typeof frame !== "object" || frame === null) {
      this.#abandon(unreadable());
      return;
    }
    if (this.#queue.length >= UNREAD) {
      this.#abandon(
        new WigwagError("events are read more slowly than they come: the connection is given up and made again", {
          code: "RESOURCE_EXHAUSTED",
          reason: "SLOW_CONSUMER",
          advice: "resume",
        }),
      );
      return;
    }
    this.#queue.push(frame as ServerFrameJson);
    this.#wake();
  }

  /** Ends it from this side, without waiting for the other. */
  #abandon(error: WigwagError): void {
    this.#finish(error);
    const socket = this.#socket as (WebSocketLike & { terminate?: () => void }) | undefined;
    // That of the package ws would wait half a minute for the other side's goodbye, and the process with it.
    if (socket?.terminate) socket.terminate();
    else socket?.close();
  }

  #finish(error: WigwagError | undefined): void {
    this.#end ??= { error };
    this.#wake();
  }

  async *#read(): AsyncGenerator<ServerFrameJson> {
    for (;;) {
      const frame = this.#queue.shift();
      if (frame) yield frame;
      else if (this.#end?.error) throw this.#end.error;
      else if (this.#end) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

function lost(): WigwagError {
  return closeError(1006, "") as WigwagError;
}

function unreachable(cause?: unknown): WigwagError {
  return new WigwagError("no WebSocket to the server can be opened", {
    code: "UNAVAILABLE",
    reason: "UNREACHABLE",
    ...(cause !== undefined && { cause }),
  });
}

function unreadable(cause?: unknown): WigwagError {
  return new WigwagError("a message of the server cannot be read", { code: "INTERNAL", reason: "PROTOCOL", cause });
}
