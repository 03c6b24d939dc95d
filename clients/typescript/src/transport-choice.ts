import { WigwagError } from "./error.js";
import type { HelloJson, ServerFrameJson } from "./gen/wigwag/v1/frame_pb.js";
import type { Batch, Connection, Pushed, Transport, TransportFactory } from "./transport.js";
import { runtimeWebSocket, type WebSocketConstructor, webSocketTransport } from "./websocket.js";

/** Time for a WebSocket to open before gRPC-Web is tried: some proxies neither pass an upgrade on nor refuse it. */
const OPEN_TIMEOUT_MS = 5_000;
/** Failed attempts in a row after which a session that was connected before tries the other transport, too. */
const MAX_UNOPENED = 3;

/** A transport by name, or a custom one. */
export type TransportChoice = "websocket" | "grpc-web" | TransportFactory;

/** Returns the chosen transport; without a choice, WebSocket with gRPC-Web as the fallback. */
export function chosenTransport(
  choice: TransportChoice | undefined,
  webSocket: WebSocketConstructor | undefined,
): TransportFactory {
  if (typeof choice === "function") return choice;
  if (choice === "websocket") return (url) => webSocketTransport(url, { webSocket });
  if (choice === "grpc-web" || !(webSocket ?? runtimeWebSocket())) return lazyGrpcWeb;
  const memory = { first: "websocket" as "websocket" | "grpc-web", welcomed: false, unopened: 0 };
  return (url) => {
    const transports = {
      websocket: webSocketTransport(url, { webSocket, openTimeoutMs: OPEN_TIMEOUT_MS }),
      "grpc-web": lazyGrpcWeb(url),
    };
    return { open: (hello, signal) => new FallbackConnection(transports, memory, hello, signal) };
  };
}

type TransportName = "websocket" | "grpc-web";

/** What a session remembers of its transports. */
interface TransportMemory {
  /** The transport to try first: the last one that worked. */
  first: TransportName;
  /** Whether one of them worked before. */
  welcomed: boolean;
  /** How often in a row the first one did not open. */
  unopened: number;
}

/** Tries the first transport, then the other one if the first cannot be opened and never, or repeatedly not, worked. */
class FallbackConnection implements Connection {
  readonly frames: AsyncIterable<ServerFrameJson>;
  #inner: Connection | undefined;
  /** A frame arrived, so this transport works, whatever happens next. */
  #answered = false;

  constructor(
    private readonly transports: Readonly<Record<TransportName, Transport>>,
    private readonly memory: TransportMemory,
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

  pushLast(batch: Batch): void {
    this.#inner?.pushLast(batch);
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

  async *#through(name: TransportName): AsyncGenerator<ServerFrameJson> {
    this.#inner = this.transports[name].open(this.hello, this.signal);
    for await (const frame of this.#inner.frames) {
      this.#answered = true;
      if (frame.welcome) Object.assign(this.memory, { first: name, welcomed: true, unopened: 0 });
      yield frame;
    }
  }
}

/** gRPC-Web, loaded on first use: it is several times as large as the rest of this package. */
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

  pushLast(batch: Batch): void {
    this.#inner?.pushLast(batch);
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
  return new WigwagError("the gRPC-Web module could not be loaded: check the deployment of the page and the network", {
    code: "UNAVAILABLE",
    reason: "UNREACHABLE",
    cause,
  });
}
