import { WebSocket } from "ws";
import type { ConnectOptions } from "../../src/index.js";
import { grpcTransport } from "../../src/node.js";

/** Every way to the server, by the name a session has for it. Node 20 has no WebSocket of its own. */
export const TRANSPORTS: ReadonlyMap<string, ConnectOptions> = new Map<string, ConnectOptions>([
  ["websocket", { transport: "websocket", webSocket: WebSocket }],
  ["grpc-web", { transport: "grpc-web" }],
  ["grpc", { transport: grpcTransport }],
]);
