import { create, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { fromConnect, json, toMessage } from "./connect-error.js";
import { type HelloJson, type ServerFrameJson, ServerFrameSchema } from "./gen/wigwag/v1/frame_pb.js";
import { ListenRequestSchema, PushRequestSchema, SignalingService } from "./gen/wigwag/v1/signaling_service_pb.js";
import { type Batch, type Connection, encodeFrames, type Pushed, type Transport } from "./transport.js";
import { splitUrl } from "./url.js";

/** Deadline of a push. */
const PUSH_TIMEOUT_MS = 10_000;
/** Limit of the last push. Browsers allow 64 KiB in all `keepalive` requests of a page together. */
const LAST_PUSH_BYTES = 48 * 1024;

/** The gRPC-Web transport: a `Listen` stream down and `Push` calls up. `fetch` defaults to the runtime's. */
export function grpcWebTransport(url: string, fetch: typeof globalThis.fetch = globalThis.fetch): Transport {
  const { base: baseUrl, query } = splitUrl(url);
  // Connect appends the method to the base URL, and has no place for a query.
  const withQuery: typeof globalThis.fetch = query === "" ? fetch : (input, init) => fetch(`${String(input)}${query}`, init);
  const client = createClient(SignalingService, createGrpcWebTransport({ baseUrl, fetch: withQuery }));
  const pushUrl = `${baseUrl}/${SignalingService.typeName}/${SignalingService.method.push.name}${query}`;
  return {
    open: (hello, signal) => new GrpcWebConnection(client, pushUrl, fetch, hello, signal),
  };
}

class GrpcWebConnection implements Connection {
  readonly transport = "grpc-web";
  readonly frames: AsyncIterable<ServerFrameJson>;

  constructor(
    private readonly client: Client<typeof SignalingService>,
    private readonly pushUrl: string,
    private readonly fetch: typeof globalThis.fetch,
    hello: HelloJson,
    private readonly signal: AbortSignal,
  ) {
    this.frames = this.#listen(hello);
  }

  async *#listen(hello: HelloJson): AsyncGenerator<ServerFrameJson> {
    try {
      // Throws for a hello that cannot be encoded, and not a lost connection.
      encodeFrames([{ hello }], toMessage);
      const request = fromJson(ListenRequestSchema, { hello: json(hello) });
      for await (const frame of this.client.listen(request, { signal: this.signal })) {
        yield toJson(ServerFrameSchema, frame);
      }
    } catch (error) {
      throw fromConnect(error);
    }
  }

  async push(batch: Batch): Promise<Pushed> {
    const request = create(PushRequestSchema, { ...batch, frames: encodeFrames(batch.frames, toMessage) });
    try {
      return await this.client.push(request, { signal: this.signal, timeoutMs: PUSH_TIMEOUT_MS });
    } catch (error) {
      throw fromConnect(error);
    }
  }

  pushLast(batch: Batch): void {
    const message = toBinary(PushRequestSchema, fromJson(PushRequestSchema, json({ ...batch })));
    if (message.length > LAST_PUSH_BYTES) return;
    // Length-prefixed message of gRPC: one byte of flags, four bytes of length, then the message.
    const body = new Uint8Array(5 + message.length);
    new DataView(body.buffer).setUint32(1, message.length);
    body.set(message, 5);
    // The same headers as other pushes, so that the browser can use the cached CORS preflight.
    const headers = { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" };
    // Browsers throw "Illegal invocation" if `fetch` is called as a method.
    const { fetch } = this;
    fetch(this.pushUrl, { method: "POST", keepalive: true, headers, body }).catch(() => {
      // The page is gone, so the error cannot be reported.
    });
  }
}
