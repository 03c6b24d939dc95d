// A session during the life cycle of a page. Two event targets stand in for the browser's globals.
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { connect } from "../src/index.js";
import { FakeServer, until } from "./fake-server.js";

const globals = globalThis as { window?: EventTarget | undefined };

describe("a session in a page", { timeout: 60_000 }, () => {
  let window: EventTarget;
  beforeEach(() => {
    window = globals.window = new EventTarget();
  });
  afterEach(() => {
    delete globals.window;
    mock.restoreAll();
  });

  const pagehide = (persisted: boolean) => Object.assign(new Event("pagehide"), { persisted });

  it("sends everything unacknowledged and bye when the page is unloaded", async () => {
    const server = new FakeServer();
    const session = await connect("http://wigwag.test", { transport: server.transport });
    const room = await session.join("demo");
    server.beforePush = () => {
      throw new Error("cut");
    };
    await room.broadcast({ text: "last signal" });
    await until(() => server.pushes.at(-1)?.frames.some(({ envelope }) => envelope) ?? false);
    window.dispatchEvent(pagehide(false));
    assert.equal(session.state, "closed");
    const frames = server.lastPushes[0]?.frames ?? [];
    assert.deepEqual(frames.map(({ seq, envelope, bye }) => [seq, envelope?.message?.text ?? bye]), [
      [2, "last signal"],
      [3, {}],
    ]);
    assert.equal(server.sessions.size, 0);
  });

  it("sends bye even if its connection is lost, as it often is before `pagehide`", async () => {
    const server = new FakeServer();
    const session = await connect("http://wigwag.test", { transport: server.transport });
    server.onOpen = () => {
      throw new Error("gone");
    };
    server.session().connection?.fail();
    await until(() => session.state === "reconnecting");
    window.dispatchEvent(pagehide(false));
    assert.deepEqual(server.lastPushes.map(({ epoch, frames }) => [epoch, frames.at(-1)?.bye]), [[1, {}]]);
    assert.equal(server.sessions.size, 0);
  });

  it("acknowledges at once when the page may be stopped", async () => {
    const server = new FakeServer();
    const session = await connect("http://wigwag.test", { transport: server.transport });
    await session.join("demo");
    const pushes = server.pushes.length;
    window.dispatchEvent(pagehide(true));
    await until(() => server.pushes.length > pushes);
    assert.deepEqual(server.pushes.at(-1)?.frames, [{ ack: 1 }]);
    await session.close();
  });

  it("stays open while the page is in the back/forward cache, and checks its connection when it returns", async () => {
    const server = new FakeServer();
    const session = await connect("http://wigwag.test", { transport: server.transport });
    window.dispatchEvent(pagehide(true));
    assert.equal(session.state, "connected");
    const pushes = server.pushes.length;
    window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    await until(() => server.pushes.length === pushes + 1);
    assert.deepEqual(server.pushes.at(-1)?.frames, [{ ack: 0 }]);
    await session.close();
  });

  it("reconnects at once when the network returns during a long wait", async () => {
    const server = new FakeServer();
    const session = await connect("http://wigwag.test", { transport: server.transport });
    mock.method(Math, "random", () => 0);
    let down = true;
    server.onOpen = () => {
      if (down) throw new Error("unreachable");
    };
    server.session().connection?.fail();
    await until(() => server.hellos.length >= 7);
    // The next wait is the longest.
    mock.method(Math, "random", () => 1);
    let waits = 0;
    session.on("reconnecting", ({ delayMs }) => (waits = delayMs));
    await until(() => waits === 8_000);
    down = false;
    const began = Date.now();
    window.dispatchEvent(new Event("online"));
    await until(() => session.state === "connected");
    assert.ok(Date.now() - began < 5_000);
    await session.close();
  });

  it("waits only for the next heartbeat after the network changed", async () => {
    const server = new FakeServer();
    server.welcome = { ...server.welcome, heartbeatMs: 1_000 };
    const session = await connect("http://wigwag.test", { transport: server.transport });
    const began = Date.now();
    let waited = 0;
    session.on("reconnecting", () => (waited ||= Date.now() - began));
    window.dispatchEvent(new Event("online"));
    await until(() => waited > 0);
    assert.ok(waited >= 1_150 && waited < 2_450, `${waited} ms`);
    await session.close();
  });
});
