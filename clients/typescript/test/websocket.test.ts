import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, describe, it, mock } from "node:test";
import { WebSocket } from "ws";
import { closeError } from "../src/close-codes.js";
import { connect, WigwagError } from "../src/index.js";
import type { Connection } from "../src/transport.js";
import { type WebSocketConstructor, webSocketTransport } from "../src/websocket.js";
import { FakeSocket } from "./fake-socket.js";
import { until } from "./fake-server.js";

/** The types it accepts; the test is that this compiles. */
const FITTING: ReadonlyArray<WebSocketConstructor | undefined> = [globalThis.WebSocket, WebSocket, FakeSocket];

beforeEach(() => {
  FakeSocket.made = [];
});

function open(url = "http://wigwag.test", openTimeoutMs?: number): { connection: Connection; socket: FakeSocket; abort: AbortController } {
  const abort = new AbortController();
  const options = { webSocket: FakeSocket, ...(openTimeoutMs !== undefined && { openTimeoutMs }) };
  const connection = webSocketTransport(url, options).open({ displayName: "Ada" }, abort.signal);
  const socket = FakeSocket.made.at(-1);
  assert.ok(socket);
  return { connection, socket, abort };
}

async function read(connection: Connection): Promise<unknown[]> {
  const frames: unknown[] = [];
  for await (const frame of connection.frames) frames.push(frame);
  return frames;
}

describe("a WebSocket", () => {
  it("connects to /v1/signal, and sends hello first", async () => {
    const { connection, socket } = open("https://wigwag.test:8443/under/here/?key=1#part");
    assert.equal(socket.url, "wss://wigwag.test:8443/under/here/v1/signal?key=1");
    assert.equal(socket.asked, "wigwag.v1.json");
    assert.deepEqual(socket.sent, []);
    socket.open();
    assert.deepEqual(socket.sent.map((text) => JSON.parse(text) as unknown), [{ hello: { displayName: "Ada" } }]);
    socket.message('{"welcome":{"epoch":1}}');
    socket.message('{"seq":1,"done":{}}');
    socket.end(1000);
    assert.deepEqual(await read(connection), [{ welcome: { epoch: 1 } }, { seq: 1, done: {} }]);
    assert.equal(open("http://wigwag.test").socket.url, "ws://wigwag.test/v1/signal");
    assert.equal(FITTING.length, 3);
  });

  it("that never opens makes the server unreachable", async () => {
    const refused = open();
    refused.socket.end(1006);
    await assert.rejects(read(refused.connection), { reason: "UNREACHABLE", retryable: true });
    const silent = open("http://wigwag.test", 1);
    await assert.rejects(read(silent.connection), { reason: "UNREACHABLE" });
    assert.equal(silent.socket.closed, 1);
    const unknown = open();
    unknown.socket.protocol = "";
    unknown.socket.open();
    await assert.rejects(read(unknown.connection), { reason: "UNREACHABLE" });
    assert.deepEqual(unknown.socket.sent, []);
  });

  it("is given up after a message that is not a frame", async () => {
    for (const message of ["{", "7", "null", new Uint8Array(2)]) {
      const { connection, socket } = open();
      socket.open();
      socket.message(message);
      await assert.rejects(read(connection), { reason: "PROTOCOL" });
      assert.equal(socket.closed, 1);
    }
  });

  it("is given up if its frames are not read, before they fill the memory", async () => {
    const { connection, socket } = open();
    socket.open();
    for (let n = 0; n <= 10_000; n += 1) socket.message("{}");
    assert.equal(socket.closed, 1);
    await assert.rejects(read(connection), { reason: "SLOW_CONSUMER", advice: "resume" });
  });

  it("accepts more only after writing enough", async () => {
    const { connection, socket } = open();
    socket.open();
    socket.bufferedAmount = 1_000_000;
    let taken = false;
    const pushing = connection.push({ sessionToken: "t", epoch: 1, frames: [{ seq: 1, ack: 0 }] }).then(() => (taken = true));
    assert.deepEqual(socket.sent[1], '{"seq":1,"ack":0}');
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(taken, false);
    socket.bufferedAmount = 0;
    await pushing;
  });

  it("is ended by its signal, and accepts nothing afterwards", async () => {
    const { connection, socket, abort } = open();
    socket.open();
    abort.abort();
    assert.equal(socket.closed, 1);
    await assert.rejects(read(connection), { reason: "CONNECTION_LOST" });
    await assert.rejects(connection.push({ sessionToken: "t", epoch: 1, frames: [{}] }), { reason: "CONNECTION_LOST" });
  });

  it("must exist", async () => {
    const globals = globalThis as { WebSocket?: unknown };
    const own = globals.WebSocket;
    delete globals.WebSocket;
    try {
      const field = { reason: "INVALID_FIELD", metadata: { field: "webSocket" } };
      await assert.rejects(connect("http://wigwag.test", { transport: "websocket" }), field);
    } finally {
      if (own) globals.WebSocket = own;
    }
  });
});

describe("a session whose WebSocket cannot be opened any more", { timeout: 60_000 }, () => {
  it("tries the other transport after three attempts, and not before", async () => {
    const [{ fetch }, jitter] = [globalThis, mock.method(Math, "random", () => 0)];
    let fetched = 0;
    globalThis.fetch = () => {
      fetched += 1;
      return Promise.reject(new TypeError("no network"));
    };
    try {
      const connecting = connect("http://wigwag.test", { webSocket: FakeSocket });
      await until(() => FakeSocket.made.length === 1);
      FakeSocket.made[0]?.open();
      FakeSocket.made[0]?.message('{"welcome":{"peerId":"me","sessionToken":"t","epoch":1}}');
      const session = await connecting;
      assert.equal(session.transport, "websocket");
      FakeSocket.made[0]?.end(1006);
      for (let attempt = 1; attempt <= 3; attempt += 1) {
        await until(() => FakeSocket.made.length === attempt + 1);
        assert.equal(fetched, 0);
        FakeSocket.made[attempt]?.end(1006);
      }
      await until(() => fetched === 1);
      // That fails as well: the WebSocket is tried again, and the session still waits for its server.
      await until(() => FakeSocket.made.length === 5);
      assert.equal(session.state, "reconnecting");
      FakeSocket.made[4]?.open();
      FakeSocket.made[4]?.message('{"welcome":{"peerId":"me","sessionToken":"t","epoch":2,"outcome":"OUTCOME_RESUMED"}}');
      await until(() => session.state === "connected");
      session.abort(new WigwagError("over", { code: "CANCELLED", reason: "OVER" }));
    } finally {
      globalThis.fetch = fetch;
      jitter.mock.restore();
    }
  });
});

describe("a close code", () => {
  it("means what docs/websocket.md says", () => {
    const page = readFileSync(new URL("../../../docs/websocket.md", import.meta.url), "utf8");
    const rows = [...page.matchAll(/^\| (\d{4}) \| ([A-Z_, ]*) ?\|/gm)].map(
      ([, code, reasons]) => [Number(code), (reasons ?? "").split(",").map((name) => name.trim()).filter(Boolean)] as const,
    );
    assert.ok(rows.length >= 20);
    for (const [code, reasons] of rows) {
      if (code === 1000) continue;
      for (const reason of reasons) assert.equal(closeError(code, reason)?.reason, reason);
      const { reason, advice } = closeError(code, "") ?? {};
      // A close without a reason gets one documented for its code.
      if (reasons.length > 0) assert.ok(reasons.includes(reason ?? ""), `${code} is ${reason}`);
      const expected = [1002, 1007, 1009, 4004].includes(code) ? "stop" : code === 4505 ? "rejoin" : code < 4500 ? "resume" : "stop";
      assert.equal(advice, expected, String(code));
    }
  });

  it("of the WebSocket protocol is a lost connection, except for a normal closure and violations", () => {
    assert.equal(closeError(1000, ""), undefined);
    for (const code of [1001, 1005, 1006, 1012]) assert.equal(closeError(code, "x")?.reason, "CONNECTION_LOST");
    assert.deepEqual([closeError(1009, "")?.reason, closeError(1002, "")?.reason], ["FRAME_TOO_LARGE", "PROTOCOL"]);
  });

  it("that is unknown is treated by its range", () => {
    assert.deepEqual([closeError(4321, "NEW")?.advice, closeError(4321, "NEW")?.reason], ["resume", "NEW"]);
    assert.equal(closeError(4999, "NEW")?.advice, "stop");
  });
});
