// Every transport over TLS, to a server with a certificate that it has made itself.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connect } from "../../src/index.js";
import { until } from "../fake-server.js";
import { TRANSPORTS } from "./transports.js";
import { startServer, type WigwagServer } from "./wigwag-server.js";

let server: WigwagServer;

before(async () => {
  // What a browser's user does who accepts the warning. Read at each connection.
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  server = await startServer({ set: ["tls.self_signed=true"] });
});
after(() => {
  delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  return server.stop();
});

describe("over TLS", { timeout: 60_000 }, () => {
  for (const [transport, way] of TRANSPORTS) {
    it(`two sessions meet over ${transport}`, async () => {
      assert.match(server.url, /^https:/);
      const [ada, bob] = await Promise.all([connect(server.url, way), connect(server.url, way)]);
      const here = await ada.join(`tls-${transport}`);
      const there = await bob.join(`tls-${transport}`);
      await until(() => here.members.has(bob.peerId));
      const received = new Promise((resolve) => there.on("envelope", ({ payload }) => resolve(payload)));
      await here.send(bob.peerId, { text: "x".repeat(20_000) });
      assert.deepEqual(await received, { text: "x".repeat(20_000) });
      assert.equal(ada.transport, transport);
      await Promise.all([ada.close(), bob.close()]);
    });
  }
});
