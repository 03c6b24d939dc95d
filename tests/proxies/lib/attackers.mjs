// Clients that misbehave on their streams, through a proxy that puts all streams on one connection to the server.
import http2 from "node:http2";

import { encodeFrame } from "./grpc.mjs";

const SIGNAL = {
  ":method": "POST",
  ":path": "/wigwag.v1.SignalingService/Signal",
  "content-type": "application/grpc",
  te: "trailers",
};

/** Returns a frame as a gRPC message. */
function message(frame) {
  const bytes = encodeFrame(frame);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

const join = (room) => message({ join: { room } });

/** Opens a connection, whose errors are expected. */
function open(port, settings) {
  const client = http2.connect(`http://127.0.0.1:${port}`, { settings });
  client.on("error", () => {});
  return client;
}

function request(client) {
  const stream = client.request(SIGNAL);
  stream.on("error", () => {});
  return stream;
}

/** The attackers that only memory and windows limit. */
export const UNREAD = "streams that are sent much and never read";

/**
 * The kinds of attackers. Each starts `count` streams and returns a function that stops them.
 *
 * @type {Record<string, (port: number, count: number) => () => void>}
 */
export const ATTACKS = {
  [UNREAD]: (port, count) => {
    const reader = open(port, { initialWindowSize: 1000 });
    const streams = Array.from({ length: count }, () => {
      const stream = request(reader);
      stream.write(join("unread"));
      // Without a listener for data nothing is read.
      return stream;
    });
    const flooder = open(port);
    const flood = request(flooder);
    flood.resume();
    flood.write(join("unread"));
    const flooding = message({ envelope: { room: "unread", message: { text: "x".repeat(30_000) } } });
    const timer = setInterval(() => flood.writable && flood.write(flooding), 20);
    return () => {
      clearInterval(timer);
      for (const stream of streams) stream.close();
      reader.destroy();
      flooder.destroy();
    };
  },
  "streams that are reset at once": (port, count) => {
    let client;
    const reset = (times) => {
      // Envoy ends a connection that resets too often; the attacker comes again.
      if (!client || client.destroyed || client.closed) client = open(port);
      while (times-- > 0 && !client.destroyed && !client.closed) request(client).close(http2.constants.NGHTTP2_CANCEL);
    };
    reset(count);
    const timer = setInterval(() => reset(10), 20);
    return () => {
      clearInterval(timer);
      client.destroy();
    };
  },
  "streams without a window": (port, count) => {
    const client = open(port, { initialWindowSize: 0 });
    for (let made = 0; made < count; made++) request(client).write(join("no window"));
    return () => client.destroy();
  },
  "streams whose handler panics": (port, count) => {
    const client = open(port);
    const panic = () => client.request({ ...SIGNAL, ":path": "/test/panic" }).on("error", () => {}).end();
    for (let made = 0; made < count; made++) panic();
    const timer = setInterval(panic, 20);
    return () => {
      clearInterval(timer);
      client.destroy();
    };
  },
  "streams that send half a message": (port, count) => {
    const client = open(port);
    for (let made = 0; made < count; made++) request(client).write(Buffer.from([0, 0, 0, 16, 0, 1]));
    return () => client.destroy();
  },
};
