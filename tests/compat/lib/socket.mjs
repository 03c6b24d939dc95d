// A WebSocket client for JSON messages, based on the `ws` package.
import { once } from "node:events";
import WebSocket from "ws";

import { Inbox } from "./inbox.mjs";

/** Opens a socket; resolves when it is open. */
export async function openSocket(url, options = {}) {
  const socket = new WebSocket(url, options);
  const inbox = new Inbox();
  socket.on("message", (data) => inbox.put(JSON.parse(data.toString())));
  const closed = new Promise((resolve) => {
    socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await once(socket, "open");
  return {
    socket,
    inbox,
    /** Resolves to `{code, reason}` when the socket is closed. */
    closed,
    send: (message) => socket.send(JSON.stringify(message)),
    /** Returns the next message of a type. */
    next: (type) => inbox.take((message) => message.type === type, type),
    async close() {
      socket.close();
      await closed;
    },
  };
}
