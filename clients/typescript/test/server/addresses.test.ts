// Addresses as people write them, and servers that are not what the address promises.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { connect, WigwagError } from "../../src/index.js";
import { grpcTransport } from "../../src/node.js";
import { until } from "../fake-server.js";
import { TRANSPORTS } from "./transports.js";
import { Proxy, startServer, type WigwagServer } from "./wigwag-server.js";

let server: WigwagServer;

before(async () => {
  server = await startServer();
});
after(() => server.stop());

describe("the address", { timeout: 60_000 }, () => {
  for (const [transport, way] of TRANSPORTS) {
    for (const address of ["{}/?region=eu", "{}#top", "{}/?a=b#top", "ws{}", "ws{}/?region=eu"]) {
      it(`${address.replace("{}", "…")} is understood over ${transport}`, async () => {
        const url = address.startsWith("ws") ? address.replace("ws{}", server.url.replace(/^http/, "ws")) : address.replace("{}", server.url);
        const session = await connect(url, way);
        const room = await session.join("addresses");
        await room.update({ displayName: "here" });
        assert.equal(session.transport, transport);
        await session.close();
      });
    }
  }

  it("of a method keeps the query for a proxy", async () => {
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(503).end();
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const url = `ws://127.0.0.1:${(proxy.address() as AddressInfo).port}/base/?tenant=1#top`;
    for (const transport of ["websocket", "grpc-web"]) await assert.rejects(connect(url, TRANSPORTS.get(transport)));
    proxy.close();
    proxy.closeAllConnections();
    assert.deepEqual(asked, ["/base/v1/signal?tenant=1", "/base/wigwag.v1.SignalingService/Listen?tenant=1"]);
  });
});

describe("gRPC where an HTTP/1 server answers", { timeout: 60_000 }, () => {
  const page = createServer((_, response) => response.writeHead(503, { "content-type": "text/html" }).end("<h1>503</h1>"));
  let pagePort = 0;
  before(async () => {
    page.listen(0, "127.0.0.1");
    await once(page, "listening");
    pagePort = (page.address() as AddressInfo).port;
  });
  after(() => {
    page.close();
    page.closeAllConnections();
  });

  // An error event without a listener would end the process, and with it this test.
  it("is a rejection at the first connection, every time", async () => {
    for (let time = 1; time <= 8; time += 1) {
      await assert.rejects(connect(`http://127.0.0.1:${pagePort}`, { transport: grpcTransport }), WigwagError);
    }
  });

  it("is retried by a session that was connected before, until the server is back", async () => {
    const proxy = await Proxy.start(server.port);
    const session = await connect(proxy.url, { transport: grpcTransport });
    let attempts = 0;
    session.on("reconnecting", () => (attempts += 1));
    const { peerId } = session;
    proxy.target = pagePort;
    proxy.cut();
    await until(() => attempts >= 4, "four attempts");
    proxy.target = server.port;
    await until(() => session.state === "connected", "connected again");
    assert.equal(session.peerId, peerId);
    await session.close();
    await proxy.stop();
  });
});
