import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Emitter } from "../src/events.js";
import { connect } from "../src/index.js";
import { FakeServer, nextTurn, until } from "./fake-server.js";

type Event = { type: "a"; n: number } | { type: "b" };

describe("listeners", { timeout: 60_000 }, () => {
  it("get the events of their type, until they are removed", () => {
    const emitter = new Emitter<Event>();
    const received: number[] = [];
    const off = emitter.on("a", ({ n }) => received.push(n));
    emitter.emit({ type: "a", n: 1 });
    emitter.emit({ type: "b" });
    off();
    emitter.emit({ type: "a", n: 2 });
    assert.deepEqual(received, [1]);
  });

  it("that throw are reported and do not affect others", async () => {
    const emitter = new Emitter<Event>();
    const received: string[] = [];
    // The test runner has listeners that would count it as a failure.
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.once("uncaughtException", (error) => received.push(error.message));
    emitter.on("b", () => {
      throw new Error("oops");
    });
    emitter.on("b", () => received.push("second"));
    emitter.emit({ type: "b" });
    await until(() => received.length === 2);
    for (const listener of listeners) process.on("uncaughtException", listener);
    assert.deepEqual(received, ["second", "oops"]);
  });
});

describe("iterators", { timeout: 60_000 }, () => {
  it("yield every event from their start to the end", async () => {
    const emitter = new Emitter<Event>();
    const iterator = emitter.iterate();
    const first = iterator.next();
    for (let n = 1; n <= 3; n += 1) emitter.emit({ type: "a", n });
    emitter.end();
    assert.deepEqual(await first, { value: { type: "a", n: 1 }, done: false });
    const rest: Event[] = [];
    for await (const event of iterator) rest.push(event);
    assert.deepEqual(rest.map((event) => "n" in event && event.n), [2, 3]);
    assert.equal((await emitter.iterate().next()).done, true);
  });

  it("end with their signal, and with the loop that reads them", async () => {
    const emitter = new Emitter<Event>();
    const abort = new AbortController();
    const waiting = emitter.iterate({ signal: abort.signal }).next();
    abort.abort();
    assert.equal((await waiting).done, true);
    const iterator = emitter.iterate();
    emitter.emit({ type: "b" });
    for await (const _ of iterator) break;
    for (let n = 0; n < 1_000; n += 1) emitter.emit({ type: "a", n });
    assert.equal(emitter.room, undefined);
  });

  it("that are full exert backpressure, and end if it lasts", async () => {
    const emitter = new Emitter<Event>();
    const iterator = emitter.iterate();
    for (let n = 0; n < 256; n += 1) emitter.emit({ type: "a", n });
    const room = emitter.room;
    assert.notEqual(room, undefined);
    await iterator.next();
    await room;
    emitter.emit({ type: "b" });
    emitter.cut();
    for (let n = 0; n < 256; n += 1) assert.equal((await iterator.next()).done, false);
    await assert.rejects(iterator.next(), { reason: "SLOW_CONSUMER" });
    assert.equal((await iterator.next()).done, true);
  });

  it("that are not read pause the session, until they are read", async () => {
    const server = new FakeServer();
    const session = await connect("http://wigwag.test", { transport: server.transport });
    const room = await session.join("demo");
    const iterator = room.events();
    let dispatched = 0;
    room.on("envelope", () => (dispatched += 1));
    for (let n = 0; n < 600; n += 1) server.session().post({ envelope: { room: "demo", message: { text: `${n}` } } });
    await until(() => dispatched === 256);
    for (let turns = 0; turns < 20; turns += 1) await nextTurn();
    assert.equal(dispatched, 256);
    let read = 0;
    for await (const event of iterator) if (event.type === "envelope" && (read += 1) === 600) break;
    assert.equal(dispatched, 600);
    await session.close();
  });

  it("that are never read end after a heartbeat interval, and the session continues", async () => {
    const server = new FakeServer();
    server.welcome = { ...server.welcome, heartbeatMs: 50 };
    const session = await connect("http://wigwag.test", { transport: server.transport });
    const room = await session.join("demo");
    const iterator = room.events();
    let dispatched = 0;
    room.on("envelope", () => (dispatched += 1));
    for (let n = 0; n < 300; n += 1) server.session().post({ envelope: { room: "demo", message: { text: `${n}` } } });
    await until(() => dispatched === 300);
    for (let n = 0; n < 256; n += 1) await iterator.next();
    await assert.rejects(iterator.next(), { reason: "SLOW_CONSUMER" });
    await session.close();
  });
});
