// Two peers meet through each proxy, over every transport; and what only local callers may do is refused through it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { status } from "@grpc/grpc-js";
import { WebSocket } from "ws";

import { Inbox } from "../../compat/lib/inbox.mjs";
import { startServer } from "../../compat/lib/server.mjs";
import { channel, join } from "../lib/grpc.mjs";
import { NAMES, installed, startProxy } from "../lib/proxies.mjs";

/** Opens a WebSocket through a proxy and joins a room. */
async function joinOverWebSocket(port, room) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/signal`, "wigwag.v1.json");
  const frames = new Inbox();
  socket.on("message", (data) => frames.put(JSON.parse(data.toString())));
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  socket.send(JSON.stringify({ join: { room } }));
  const take = async (body) => (await frames.take((frame) => body in frame, body))[body];
  const id = (await take("welcome")).peerId;
  await take("joined");
  return { id, take, send: (to, text) => socket.send(JSON.stringify({ envelope: { room, to, message: { text } } })), close: () => socket.close() };
}

for (const name of NAMES) {
  describe(name, { skip: !installed(name) && `${name} is not installed` }, () => {
    let server;
    let proxy;
    before(async () => {
      server = await startServer();
      proxy = await startProxy(name, server.port);
    });
    after(async () => {
      await proxy?.stop();
      await server.stop();
    });

    test("two members exchange envelopes over gRPC", async () => {
      const client = channel(proxy.grpc);
      const ada = await join(client, "grpc");
      const bob = await join(client, "grpc");
      ada.send(bob.id, "to Bob");
      bob.send(ada.id, "to Ada");
      assert.equal((await bob.take("envelope")).message.text, "to Bob");
      assert.equal((await ada.take("envelope")).message.text, "to Ada");
      ada.stream.end();
      bob.cancel();
      client.close();
    });

    test("two members exchange envelopes over WebSocket", async () => {
      const ada = await joinOverWebSocket(proxy.web, "websocket");
      const bob = await joinOverWebSocket(proxy.web, "websocket");
      ada.send(bob.id, "to Bob");
      assert.equal((await bob.take("envelope")).message.text, "to Bob");
      ada.close();
      bob.close();
    });

    test("a gRPC-Web stream is not held back", async () => {
      // An empty ListenRequest.
      const body = new Uint8Array(5);
      const headers = { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" };
      const stop = new AbortController();
      const url = `http://127.0.0.1:${proxy.web}/wigwag.v1.SignalingService/Listen`;
      const response = await fetch(url, { method: "POST", body, headers, signal: stop.signal });
      assert.equal(response.status, 200);
      const { value } = await response.body.getReader().read();
      assert.ok(value.length > 5, "the welcome has arrived while the stream goes on");
      stop.abort();
    });

    test("a page is served", async () => {
      const response = await fetch(`http://127.0.0.1:${proxy.web}/`);
      assert.equal(response.status, 200);
      assert.match(await response.text(), /<title>/);
    });

    test("RoomService is refused, whatever host name the caller writes", async () => {
      const client = channel(proxy.grpc, { "grpc.default_authority": "localhost" });
      const error = await client.call(client.rooms, "CreateRoom", { room: "refused" }).catch((error) => error);
      // A proxy that answers before it has read the request resets the stream after its 403. If both arrive at once, Node closes
      // the stream without telling grpc-js of the answer.
      const unseen = error.code === status.INTERNAL && error.details.startsWith("Received RST_STREAM with code 0");
      assert.ok(error.code === status.PERMISSION_DENIED || unseen, `${error}`);
      client.close();
      assert.equal(await rest(server.port, "localhost", "/v1/rooms/refused"), 404, "the call has not reached the server");
      for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
        const response = await rest(proxy.web, host, "/v1/rooms");
        assert.equal(response, 403, `REST as ${host}`);
      }
    });
  });
}

/** Returns the status of a GET request with a host name of choice, which `fetch` does not allow. */
async function rest(port, host, path) {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}
