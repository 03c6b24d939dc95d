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

describe("signals that come before their listener", { timeout: 60_000 }, () => {
  type Signal = { type: "envelope"; n: number } | { type: "b" };
  const holding = (dropped: (count: number) => void = () => assert.fail()) => new Emitter<Signal>({ type: "envelope", dropped });

  it("are held for the first listeners, in order, and for the first iterator", async () => {
    const emitter = holding();
    const received: string[] = [];
    emitter.on("b", () => received.push("b"));
    emitter.emit({ type: "envelope", n: 1 });
    emitter.emit({ type: "b" });
    emitter.on("envelope", ({ n }) => received.push(`first ${n}`));
    emitter.on("envelope", ({ n }) => received.push(`second ${n}`));
    emitter.emit({ type: "envelope", n: 2 });
    await nextTurn();
    emitter.emit({ type: "envelope", n: 3 });
    assert.deepEqual(received, ["b", "first 1", "second 1", "first 2", "second 2", "first 3", "second 3"]);

    const other = holding();
    other.emit({ type: "envelope", n: 1 });
    other.end();
    const read: number[] = [];
    for await (const event of other.iterate()) if (event.type === "envelope") read.push(event.n);
    assert.deepEqual(read, [1]);
  });

  it("make the session wait at 256, and are reported when nothing takes them in time", async () => {
    const dropped: number[] = [];
    const emitter = holding((count) => dropped.push(count));
    for (let n = 1; n < 256; n += 1) emitter.emit({ type: "envelope", n });
    assert.equal(emitter.room, undefined);
    emitter.emit({ type: "envelope", n: 256 });
    const room = emitter.room;
    assert.ok(room);
    emitter.cut();
    await room;
    assert.deepEqual(dropped, [256]);
    // The application does not want them, so no more are held.
    for (let n = 0; n < 300; n += 1) emitter.emit({ type: "envelope", n });
    assert.equal(emitter.room, undefined);

    const listened = holding();
    for (let n = 1; n <= 256; n += 1) listened.emit({ type: "envelope", n });
    const waiting = listened.room;
    let received = 0;
    listened.on("envelope", () => (received += 1));
    await waiting;
    assert.equal(received, 256);
  });

  it("wait for a listener that is added after an await", async () => {
    const server = new FakeServer();
    const [ada, bob] = await Promise.all(["Ada", "Bob"].map((displayName) => connect("http://wigwag.test", { displayName, transport: server.transport })));
    assert.ok(ada && bob);
    const [here, there] = [await ada.join("demo"), await bob.join("demo")];
    await here.send(bob.peerId, { text: "early" }, { receipt: true });
    await ada.send(bob.peerId, { text: "direct" }, { receipt: true });
    // As getUserMedia takes its time.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const received: string[] = [];
    there.on("envelope", ({ payload }) => "text" in payload && received.push(payload.text));
    bob.on("envelope", ({ payload }) => "text" in payload && received.push(payload.text));
    await until(() => received.length === 2);
    assert.deepEqual(received, ["early", "direct"]);
    await Promise.all([ada.close(), bob.close()]);
  });
});
