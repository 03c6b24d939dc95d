// A client of /v1/signal, based on the `ws` package.
import { once } from "node:events";

import { create, fromBinary, toBinary, toJson, fromJson } from "@bufbuild/protobuf";
import { WebSocket } from "ws";

import { Inbox } from "../../compat/lib/inbox.mjs";
import { API, canonical, hasUnknown } from "./schema.mjs";

/**
 * Opens a socket. With either subprotocol, frames are sent and received as protobuf JSON objects.
 *
 * @param {"wigwag.v1.json" | "wigwag.v1.proto"} subprotocol
 */
export async function open(port, subprotocol, { ClientFrame, ServerFrame } = API) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/signal`, subprotocol);
  const frames = new Inbox();
  const json = subprotocol === "wigwag.v1.json";
  /** Texts that differ from what protobuf-es would have written, and binary frames with unknown fields. */
  const odd = [];
  socket.on("message", (data, binary) => {
    if (binary === json) throw new Error("the wrong kind of message");
    if (json) {
      const text = data.toString();
      if (canonical(ServerFrame, text) !== text) odd.push(text);
      frames.put(JSON.parse(text));
    } else {
      const frame = fromBinary(ServerFrame, data);
      if (hasUnknown(frame)) odd.push(data.toString("hex"));
      frames.put(toJson(ServerFrame, frame));
    }
  });
  const closed = once(socket, "close").then(([code, reason]) => ({ code, reason: reason.toString() }));
  await once(socket, "open");
  return {
    socket,
    closed,
    odd,
    send(frame) {
      socket.send(json ? JSON.stringify(frame) : toBinary(ClientFrame, fromJson(ClientFrame, frame)));
    },
    /** Returns the body of the next frame that has it. */
    async take(body) {
      return (await frames.take((frame) => body in frame, body))[body];
    },
    async close() {
      socket.close();
      return closed;
    },
  };
}
