import { WigwagError } from "./error.js";
import type { HelloJson, ServerFrameJson } from "./gen/wigwag/v1/frame_pb.js";
import type { Batch, Connection, Pushed, Transport, TransportFactory } from "./transport.js";
import { runtimeWebSocket, type WebSocketConstructor, webSocketTransport } from "./websocket.js";

/** Time for a WebSocket to open before gRPC-Web is tried: some proxies neither pass an upgrade on nor refuse it. */
const OPEN_TIMEOUT_MS = 5_000;
/** Attempts in a row after which a session that was connected once looks at its other door, too. */
const MAX_UNOPENED = 3;

/** A way to the server by name, or one of one's own. */
export type TransportChoice = "websocket" | "grpc-web" | TransportFactory;

/** The transport of an application's choice; without one, whichever door opens. */
export function chosenTransport(
  choice: TransportChoice | undefined,
  webSocket: WebSocketConstructor | undefined,
): TransportFactory {
  if (typeof choice === "function") return choice;
  if (choice === "websocket") return (url) => webSocketTransport(url, { webSocket });
  if (choice === "grpc-web" || !(webSocket ?? runtimeWebSocket())) return lazyGrpcWeb;
  const memory = { first: "websocket" as "websocket" | "grpc-web", welcomed: false, unopened: 0 };
  return (url) => {
    const doors = {
      websocket: webSocketTransport(url, { webSocket, openTimeoutMs: OPEN_TIMEOUT_MS }),
      "grpc-web": lazyGrpcWeb(url),
    };
    return { open: (hello, signal) => new EitherConnection(doors, memory, hello, signal) };
  };
}

type Door = "websocket" | "grpc-web";

/** What a session knows of its doors. */
interface Memory {
  /** The door to try first: the last that worked. */
  first: Door;
  /** One of them worked. */
  welcomed: boolean;
  /** How often in a row it did not open. */
  unopened: number;
}

/** Tries the first door, and the other one when that cannot be opened at all and there is reason to believe it never will. */
class EitherConnection implements Connection {
  readonly frames: AsyncIterable<ServerFrameJson>;
  #inner: Connection | undefined;
  /** A frame came: this door is open, whatever happens next. */
  #answered = false;

  constructor(
    private readonly doors: Readonly<Record<Door, Transport>>,
    private readonly memory: Memory,
    private readonly hello: HelloJson,
    private readonly signal: AbortSignal,
  ) {
    this.frames = this.#read();
  }

  get transport(): string {
    return this.#inner?.transport ?? "";
  }

  push(batch: Batch): Promise<Pushed> {
    return this.#inner ? this.#inner.push(batch) : Promise.reject(unloaded());
  }

  farewell(batch: Batch): void {
    this.#inner?.farewell(batch);
  }

  async *#read(): AsyncGenerator<ServerFrameJson> {
    const { memory } = this;
    const { first } = memory;
    try {
      yield* this.#through(first);
      return;
    } catch (error) {
      if (this.#answered || this.signal.aborted || !isUnopened(error)) throw error;
      memory.unopened += 1;
      if (memory.welcomed && memory.unopened < MAX_UNOPENED) throw error;
    }
    memory.unopened = 0;
    yield* this.#through(first === "websocket" ? "grpc-web" : "websocket");
  }

  async *#through(door: Door): AsyncGenerator<ServerFrameJson> {
    this.#inner = this.doors[door].open(this.hello, this.signal);
    for await (const frame of this.#inner.frames) {
      this.#answered = true;
      if (frame.welcome) Object.assign(this.memory, { first: door, welcomed: true, unopened: 0 });
      yield frame;
    }
  }
}

/** gRPC-Web, loaded when it is used: it is several times as large as the rest of this package. */
function lazyGrpcWeb(url: string): Transport {
  return { open: (hello, signal) => new LazyConnection(url, hello, signal) };
}

class LazyConnection implements Connection {
  readonly transport = "grpc-web";
  readonly frames: AsyncIterable<ServerFrameJson>;
  #inner: Connection | undefined;

  constructor(url: string, hello: HelloJson, signal: AbortSignal) {
    this.frames = this.#read(url, hello, signal);
  }

  push(batch: Batch): Promise<Pushed> {
    return this.#inner ? this.#inner.push(batch) : Promise.reject(unloaded());
  }

  farewell(batch: Batch): void {
    this.#inner?.farewell(batch);
  }

  async *#read(url: string, hello: HelloJson, signal: AbortSignal): AsyncGenerator<ServerFrameJson> {
    const { grpcWebTransport } = await import("./grpc-web.js").catch((cause: unknown) => {
      throw unloaded(cause);
    });
    this.#inner = grpcWebTransport(url).open(hello, signal);
    yield* this.#inner.frames;
  }
}

function isUnopened(error: unknown): boolean {
  return error instanceof WigwagError && (error.reason === "UNREACHABLE" || error.reason === "CONNECTION_LOST");
}

function unloaded(cause?: unknown): WigwagError {
  return new WigwagError("the part of this package that speaks gRPC-Web cannot be loaded", {
    code: "UNAVAILABLE",
    reason: "UNREACHABLE",
    cause,
  });
}
