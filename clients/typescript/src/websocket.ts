import { closeError } from "./close-codes.js";
import { WigwagError } from "./error.js";
import type { HelloJson, ServerFrameJson } from "./gen/wigwag/v1/frame_pb.js";
import { asWigwagError } from "./pump.js";
import { splitUrl } from "./url.js";
import { type Batch, type Connection, encodeFrames, type Pushed, type Transport } from "./transport.js";

const SUBPROTOCOL = "wigwag.v1.json";
/** Bytes the socket may buffer before a push waits, so that a pong is not delayed by a long queue. */
const MAX_BUFFERED = 128 * 1024;
/** Polling interval of `bufferedAmount`: a WebSocket has no event for it. */
const POLL_MS = 10;
/**
 * Limit of frames that wait to be read. The server sends at most 1,024 unacknowledged numbered frames, the size of its mailbox;
 * presence frames have no such limit.
 */
const MAX_UNREAD = 8_192;
const OPEN = 1;

/** What this package needs of a WebSocket. Those of browsers, of Node 22 and of the package `ws` are assignable. */
export interface WebSocketLike {
  /** 1 while the socket is open. */
  readonly readyState: number;
  /** Bytes not written to the network yet. */
  readonly bufferedAmount: number;
  /** The subprotocol the server chose. */
  readonly protocol: string;
  /** Sends a text message. */
  send(data: string): void;
  /** Closes the connection after sending what is buffered. */
  close(): void;
  /** Calls the listener when the connection opens, or fails. */
  addEventListener(type: "open" | "error", listener: () => void): void;
  /** Calls the listener with every message. */
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  /** Calls the listener when the connection is closed. */
  addEventListener(type: "close", listener: (event: { code: number; reason: string }) => void): void;
}

/** Creates a {@link WebSocketLike}. */
export type WebSocketConstructor = new (url: string, protocol: string) => WebSocketLike;

/** Options of {@link webSocketTransport}. */
export interface WebSocketOptions {
  /** The WebSocket class. Default: `globalThis.WebSocket`. */
  webSocket?: WebSocketConstructor | undefined;
  /** Milliseconds until the socket must be open. Default: no limit; `connect` has one for the whole attempt. */
  openTimeoutMs?: number;
}

/**
 * The WebSocket transport, `/v1/signal`: protobuf JSON, one frame per message. Throws INVALID_FIELD if the runtime has no
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
  const { base, query } = splitUrl(url);
  const to = `${base.replace(/^http/, "ws")}/v1/signal${query}`;
  return { open: (hello, signal) => new WebSocketConnection(webSocket, to, hello, signal, options.openTimeoutMs) };
}

/** Returns the runtime's WebSocket, if it has one. */
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
        try {
          for (const text of encodeFrames([{ hello }], (frame) => JSON.stringify(frame))) this.#send(text);
        } catch (error) {
          this.#abandon(asWigwagError(error));
        }
      }
    });
    socket.addEventListener("message", ({ data }) => this.#take(data));
    socket.addEventListener("close", ({ code, reason }) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      this.#finish(opened ? closeError(code, reason) : unreachable());
    });
    // A close event follows with the details. Without a listener, an error event would end a Node process.
    socket.addEventListener("error", () => undefined);
  }

  async push({ frames }: Batch): Promise<Pushed> {
    for (const text of encodeFrames(frames, (frame) => JSON.stringify(frame))) this.#send(text);
    while (!this.#end && (this.#socket?.bufferedAmount ?? 0) > MAX_BUFFERED) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return {};
  }

  pushLast({ frames }: Batch): void {
    if (this.#socket?.readyState !== OPEN) return;
    for (const frame of frames) this.#send(JSON.stringify(frame));
    this.#socket.close();
  }

  #send(frame: string): void {
    if (this.#end || this.#socket?.readyState !== OPEN) throw this.#end?.error ?? lost();
    this.#socket.send(frame);
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
    if (this.#queue.length >= MAX_UNREAD) {
      this.#abandon(
        new WigwagError(`${MAX_UNREAD} frames wait to be read: the application must read its events faster; reconnecting`, {
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

  /** Ends the connection without waiting for the closing handshake. */
  #abandon(error: WigwagError): void {
    this.#finish(error);
    const socket = this.#socket as (WebSocketLike & { terminate?: () => void }) | undefined;
    // `close` of the package ws waits 30 s for the closing handshake, which would keep the process alive.
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
  return new WigwagError("the WebSocket to the server cannot be opened: check the URL and the network", {
    code: "UNAVAILABLE",
    reason: "UNREACHABLE",
    ...(cause !== undefined && { cause }),
  });
}

function unreadable(cause?: unknown): WigwagError {
  return new WigwagError("a message of the server is not valid JSON: reconnecting", {
    code: "INTERNAL",
    reason: "PROTOCOL",
    cause,
  });
}
