/**
 * The gRPC transport for Node: one bidirectional `Signal` stream. Needs the package `@connectrpc/connect-node`.
 *
 * @module
 */
import { toJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { fromConnect, toMessage } from "./connect-error.js";
import { WigwagError } from "./error.js";
import { type ClientFrame, type ServerFrameJson, ServerFrameSchema } from "./gen/wigwag/v1/frame_pb.js";
import { Http2Connection, type Http2Options } from "./http2-connection.js";
import { SignalingService } from "./gen/wigwag/v1/signaling_service_pb.js";
import { type Batch, type Connection, encodeFrames, type Pushed, type Transport } from "./transport.js";
import { splitUrl } from "./url.js";

/** Options of {@link grpcTransport}. */
export interface GrpcOptions {
  /** Options of Node's `http2.connect`, for instance `ca`, `cert` and `key`. Default: Node's. */
  nodeOptions?: Http2Options;
}

/**
 * Native gRPC over HTTP/2, cleartext for `http://` and TLS for `https://`. Pass it to `connect` as `transport`; with options,
 * pass `(url) => grpcTransport(url, options)`.
 */
export function grpcTransport(url: string, options: GrpcOptions = {}): Transport {
  const { base: baseUrl, query } = splitUrl(url);
  return {
    open: (hello, signal) => {
      // One network connection per attachment, so that closing it cannot affect the next one.
      const sessionManager = new Http2Connection(baseUrl, query, options.nodeOptions);
      const client = createClient(SignalingService, createGrpcTransport({ baseUrl, sessionManager }));
      const up = new Upstream();
      signal.addEventListener("abort", () => up.end(), { once: true });
      return new GrpcConnection(up, listen());

      async function* listen(): AsyncGenerator<ServerFrameJson> {
        try {
          signal.throwIfAborted();
          up.add(encodeFrames([{ hello }], toMessage)).catch(() => undefined);
          for await (const frame of client.signal(up, { signal })) yield toJson(ServerFrameSchema, frame);
        } catch (error) {
          throw fromConnect(error);
        } finally {
          up.end();
          sessionManager.abort();
        }
      }
    },
  };
}

class GrpcConnection implements Connection {
  readonly transport = "grpc";

  constructor(
    private readonly up: Upstream,
    readonly frames: AsyncIterable<ServerFrameJson>,
  ) {}

  async push(batch: Batch): Promise<Pushed> {
    await this.up.add(encodeFrames(batch.frames, toMessage));
    return {};
  }

  pushLast(batch: Batch): void {
    this.push(batch).catch(() => undefined);
  }
}

/** The queue of frames to the server. HTTP/2 reads the next one when the flow-control window allows. */
class Upstream implements AsyncIterableIterator<ClientFrame> {
  readonly #queue: Array<{ frame: ClientFrame; taken?: () => void; failed?: (error: WigwagError) => void }> = [];
  #waiting: ((result: IteratorResult<ClientFrame>) => void) | undefined;
  #ended = false;

  /** Resolves when all of these frames were read; rejects if the stream ends before. */
  add(frames: readonly ClientFrame[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(lost());
        return;
      }
      frames.forEach((frame, at) => {
        const isLast = at === frames.length - 1;
        this.#queue.push({ frame, ...(isLast && { taken: resolve, failed: reject }) });
      });
      this.#give();
    });
  }

  /** Ends the stream and drops the frames that were not read. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const { failed } of this.#queue.splice(0)) failed?.(lost());
    this.#give();
  }

  next(): Promise<IteratorResult<ClientFrame>> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#give();
    });
  }

  return(): Promise<IteratorResult<ClientFrame>> {
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  // Connect requires this method, and calls it when the call has failed.
  throw(): Promise<IteratorResult<ClientFrame>> {
    return this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #give(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    const first = this.#queue.shift();
    if (!first && !this.#ended) return;
    this.#waiting = undefined;
    if (!first) {
      waiting({ value: undefined, done: true });
      return;
    }
    waiting({ value: first.frame, done: false });
    first.taken?.();
  }
}

function lost(): WigwagError {
  return new WigwagError("the connection to the server was lost", { code: "UNAVAILABLE", reason: "CONNECTION_LOST" });
}
