import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { WebSocket } from "ws";
import { connect, type Session, type TransportFactory, webSocketTransport } from "../../src/index.js";
import { grpcWebTransport } from "../../src/grpc-web.js";
import { grpcTransport } from "../../src/node.js";
import { until } from "../fake-server.js";
import { Proxy, startServer, type WigwagServer } from "./wigwag-server.js";

let server: WigwagServer;

before(async () => {
  server = await startServer();
});
after(() => server.stop());

/** An HTTP proxy that does not support upgrades, as some companies have. */
async function oldProxy(): Promise<{ url: string; upgrades: () => number; stop: () => void }> {
  let upgrades = 0;
  const proxy: Server = createServer((near, answer) => {
    if (near.headers.upgrade) {
      upgrades += 1;
      answer.writeHead(400).end();
      return;
    }
    const far = request(server.url + (near.url ?? ""), { method: near.method, headers: near.headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      answer.flushHeaders();
      reply.on("error", () => answer.destroy()).pipe(answer);
    });
    far.on("error", () => answer.destroy());
    answer.on("close", () => far.destroy());
    near.pipe(far);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    upgrades: () => upgrades,
    stop: () => {
      proxy.close();
      proxy.closeAllConnections();
    },
  };
}

async function echoes(session: Session, room: string): Promise<void> {
  const other = await connect(server.url, { transport: grpcTransport });
  const [here, there] = [await session.join(room), await other.join(room)];
  there.on("envelope", ({ from, payload }) => "text" in payload && void there.send(from, { text: `${payload.text}!` }));
  const received = new Promise((resolve) => here.on("envelope", ({ payload }) => "text" in payload && resolve(payload.text)));
  await here.send(other.peerId, { text: "hello" });
  assert.equal(await received, "hello!");
  await other.close();
}

describe("without a choice", { timeout: 60_000 }, () => {
  it("a session uses a WebSocket", async () => {
    const session = await connect(server.url, { webSocket: WebSocket });
    assert.equal(session.transport, "websocket");
    assert.equal(session.welcome.transport, "websocket");
    await echoes(session, "by websocket");
    await session.close();
  });

  it("a session uses gRPC-Web if no WebSocket can be opened, and remembers it", async () => {
    const proxy = await oldProxy();
    const session = await connect(proxy.url, { webSocket: WebSocket });
    assert.equal(session.transport, "grpc-web");
    await echoes(session, "by grpc-web");
    assert.equal(proxy.upgrades(), 1);
    await session.close();
    proxy.stop();
  });

  it("a session uses gRPC-Web if the runtime has no WebSocket", async () => {
    const globals = globalThis as { WebSocket?: unknown };
    const own = globals.WebSocket;
    delete globals.WebSocket;
    const session = await connect(server.url).finally(() => own && (globals.WebSocket = own));
    assert.equal(session.transport, "grpc-web");
    await session.close();
  });

  it("an unreachable server fails at once", async () => {
    await assert.rejects(connect("http://127.0.0.1:1", { webSocket: WebSocket }), { reason: "UNREACHABLE" });
  });
});

describe("a session", { timeout: 60_000 }, () => {
  it("continues over every other transport, and misses nothing", async () => {
    const proxy = await Proxy.start(server.port);
    const transports: TransportFactory[] = [(url) => webSocketTransport(url, { webSocket: WebSocket }), grpcWebTransport, grpcTransport];
    let next = 0;
    const transport: TransportFactory = (url) => (transports[next++ % transports.length] as TransportFactory)(url);
    const roamer = await connect(proxy.url, { transport });
    const friend = await connect(server.url, { transport: grpcTransport });
    const [room, theirs] = [await roamer.join("roaming"), await friend.join("roaming")];
    const received: string[] = [];
    const through: string[] = [roamer.transport];
    room.on("envelope", ({ payload }) => "text" in payload && received.push(payload.text));
    roamer.on("resumed", () => through.push(roamer.transport));
    for (let n = 0; n < 6; n += 1) {
      proxy.cut();
      await theirs.send(roamer.peerId, { text: String(n) });
      await until(() => received.length === n + 1 && through.length === n + 2);
    }
    assert.deepEqual(received, ["0", "1", "2", "3", "4", "5"]);
    assert.deepEqual(through, ["websocket", "grpc-web", "grpc", "websocket", "grpc-web", "grpc", "websocket"]);
    await Promise.all([roamer.close(), friend.close()]);
    await proxy.stop();
  });
});
