import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { Recovery } from "../../src/rtc/recovery.js";

describe("recovery", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  function host({ polite = false } = {}) {
    const done: string[] = [];
    const host = {
      polite,
      reachable: true,
      restart: () => void done.push("restart"),
      rebuild: () => void done.push("rebuild"),
    };
    return { host, done, recovery: new Recovery(host) };
  }

  it("restarts a failed connection at once, as the polite peer a little later", () => {
    const impolite = host();
    const polite = host({ polite: true });
    for (const { recovery } of [impolite, polite]) recovery.changed("failed");
    mock.timers.tick(0);
    assert.deepEqual([impolite.done, polite.done], [["restart"], []]);
    mock.timers.tick(2_000);
    assert.deepEqual(polite.done, ["restart"]);
  });

  it("does nothing for an interruption that ends by itself", () => {
    const { recovery, done } = host();
    recovery.changed("connected");
    recovery.changed("disconnected");
    mock.timers.tick(2_999);
    recovery.changed("connected");
    mock.timers.tick(600_000);
    assert.deepEqual(done, []);
  });

  it("restarts a connection that stays interrupted", () => {
    const { recovery, done } = host();
    recovery.changed("disconnected");
    mock.timers.tick(3_000);
    assert.deepEqual(done, ["restart"]);
  });

  it("limits its rate: about twelve attempts in five minutes, every third with a new connection", () => {
    const { recovery, done } = host();
    for (let second = 0; second < 300; second += 1) {
      recovery.changed("failed");
      recovery.changed("connecting");
      recovery.changed("disconnected");
      recovery.changed("failed");
      mock.timers.tick(1_000);
    }
    assert.ok(done.length >= 8 && done.length <= 16, `${done.length} tries`);
    assert.deepEqual(done.slice(0, 6), ["restart", "restart", "rebuild", "restart", "restart", "rebuild"]);
  });

  it("waits while one peer cannot be signaled to, and continues at once when it can", () => {
    const { host: way, recovery, done } = host();
    way.reachable = false;
    recovery.changed("failed");
    mock.timers.tick(600_000);
    assert.deepEqual(done, []);
    way.reachable = true;
    recovery.reachable();
    mock.timers.tick(0);
    assert.deepEqual(done, ["restart"]);
  });

  it("does not touch a working connection when the session was resumed", () => {
    const { recovery, done } = host();
    recovery.changed("connected");
    recovery.reachable();
    mock.timers.tick(600_000);
    assert.deepEqual(done, []);
  });

  it("starts over once it is connected", () => {
    const { recovery, done } = host();
    recovery.changed("failed");
    mock.timers.tick(0);
    recovery.changed("connected");
    mock.timers.tick(600_000);
    assert.deepEqual(done, ["restart"]);
    recovery.changed("failed");
    mock.timers.tick(0);
    assert.deepEqual(done, ["restart", "restart"]);
  });

  it("repeats negotiation after a lost signal, even while media flows", () => {
    const { recovery, done } = host();
    recovery.changed("connected");
    recovery.lost();
    mock.timers.tick(12_000);
    assert.deepEqual(done, ["restart"]);
    recovery.settled();
    mock.timers.tick(600_000);
    assert.deepEqual(done, ["restart"]);
  });

  it("replaces a connection whose description is refused", () => {
    const { recovery, done } = host();
    recovery.refused();
    mock.timers.tick(0);
    assert.deepEqual(done, ["rebuild"]);
  });

  it("stops when closed", () => {
    const { recovery, done } = host();
    recovery.changed("failed");
    recovery.close();
    recovery.changed("failed");
    recovery.lost();
    mock.timers.tick(600_000);
    assert.deepEqual(done, []);
  });
});
