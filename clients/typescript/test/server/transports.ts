import { WebSocket } from "ws";
import type { ConnectOptions } from "../../src/index.js";
import { grpcTransport } from "../../src/node.js";

/** Every transport, by its name in a session. Node 20 has no built-in WebSocket. */
export const TRANSPORTS: ReadonlyMap<string, ConnectOptions> = new Map<string, ConnectOptions>([
  ["websocket", { transport: "websocket", webSocket: WebSocket }],
  ["grpc-web", { transport: "grpc-web" }],
  ["grpc", { transport: grpcTransport }],
]);
