import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect, type Room, type Session, WigwagError } from "../src/index.js";
import type { ServerFrameJson } from "../src/gen/wigwag/v1/frame_pb.js";
import { FakeServer, refusal, until } from "./fake-server.js";

const HEARTBEAT_MS = 40;

async function inRoom(server: FakeServer): Promise<{ session: Session; room: Room; events: string[] }> {
  const session = await connect("http://wigwag.test", { transport: server.transport });
  const events: string[] = [];
  for (const type of ["reconnecting", "resumed", "reset", "closed"] as const) {
    session.on(type, (event) => events.push("reason" in event ? `${type} ${event.reason}` : type));
  }
  return { session, room: await session.join("demo"), events };
}

const fatal = (reason: string, more: ServerFrameJson["error"] = {}): ServerFrameJson => ({
  error: { code: 10, reason, message: reason, fatal: true, ...more },
});

describe("a lost connection", { timeout: 60_000 }, () => {
  it("is resumed: nothing is lost, repeated or reordered, and no member leaves", async () => {
    const server = new FakeServer();
    const { session, room, events } = await inRoom(server);
    const fake = server.session();
    const received: string[] = [];
    room.on("envelope", ({ payload }) => "text" in payload && received.push(payload.text));
    const say = (text: string) => fake.post({ envelope: { room: "demo", from: "x", message: { text } } });
    say("before");
    fake.connection?.fail();
    say("meanwhile");
    const sent = room.broadcast({ text: "up" });
    await until(() => session.state === "reconnecting");
    await sent;
    await until(() => events.includes("resumed"));
    say("after");
    await until(() => received.length === 3);
    assert.deepEqual(received, ["before", "meanwhile", "after"]);
    await until(() => fake.clientSeq === 2);
    assert.deepEqual(events, ["reconnecting", "resumed"]);
    assert.equal(room.closed, false);
    // The first push of the new attachment starts with a bare ack.
    const first = server.pushes.find(({ epoch }) => epoch === 2);
    assert.deepEqual(Object.keys(first?.frames[0] ?? {}), ["ack"]);
    await session.close();
  });

  it("is followed by a roster, and what was missed is reported once each", async () => {
    const server = new FakeServer();
    const { session, room } = await inRoom(server);
    const reported: string[] = [];
    room.on("joined", ({ member }) => reported.push(`+${member.peerId}`));
    room.on("left", ({ member }) => reported.push(`-${member.peerId}`));
    server.enter("demo", { peerId: "a", joinedAt: "2026-01-01T00:00:00Z" });
    await until(() => reported.length === 1);
    server.session().connection?.fail();
    server.enter("demo", { peerId: "b", joinedAt: "2026-01-01T00:00:01Z" });
    server.leave("demo", { peerId: "a" }, "LEFT");
    server.enter("demo", { peerId: "c", joinedAt: "2026-01-01T00:00:02Z" });
    server.leave("demo", { peerId: "c" }, "LEFT");
    await until(() => session.welcome.epoch === 2);
    server.enter("demo", { peerId: "d", joinedAt: "2026-01-01T00:00:03Z" });
    await until(() => reported.includes("+d"));
    assert.deepEqual(reported, ["+a", "-a", "+b", "+d"]);
    await session.close();
  });

  it("is noticed when two heartbeats are missed", async () => {
    const server = new FakeServer();
    server.welcome = { ...server.welcome, heartbeatMs: HEARTBEAT_MS };
    const { session, events } = await inRoom(server);
    const reasons: string[] = [];
    session.on("reconnecting", ({ error }) => reasons.push(error.reason));
    await until(() => session.welcome.epoch === 2);
    assert.deepEqual(reasons, ["HEARTBEAT_TIMEOUT"]);
    assert.deepEqual(events.slice(0, 2), ["reconnecting", "resumed"]);
    await session.close();
  });

  it("is not assumed while the server sends heartbeats", async () => {
    const server = new FakeServer();
    server.welcome = { ...server.welcome, heartbeatMs: HEARTBEAT_MS };
    const { session, events } = await inRoom(server);
    const beat = setInterval(() => server.session().sendUnnumbered({ ping: {} }), HEARTBEAT_MS);
    await until(() => server.session().pongs >= 6);
    clearInterval(beat);
    assert.deepEqual(events, []);
    await session.close();
  });

  it("follows from a missing frame", async () => {
    const server = new FakeServer();
    const { session, room } = await inRoom(server);
    const received: string[] = [];
    room.on("envelope", ({ payload }) => "text" in payload && received.push(payload.text));
    const fake = server.session();
    const { connection } = fake;
    // This frame is in the mailbox, and lost on the network.
    fake.connection = undefined;
    fake.post({ envelope: { room: "demo", from: "x", message: { text: "one" } } });
    fake.connection = connection;
    fake.post({ envelope: { room: "demo", from: "x", message: { text: "two" } } });
    await until(() => received.length === 2);
    assert.deepEqual(received, ["one", "two"]);
    assert.equal(session.welcome.epoch, 2);
    await session.close();
  });

  it("follows from repeated failures of a push", async () => {
    const server = new FakeServer();
    const { session, room } = await inRoom(server);
    let refused = 0;
    server.beforePush = ({ epoch }) => {
      if (epoch === 2) return undefined;
      refused += 1;
      throw new Error("network");
    };
    await room.broadcast({ text: "a" });
    await until(() => server.session().clientSeq === 2);
    assert.equal(refused, 4);
    assert.equal(session.welcome.epoch, 2);
    await session.close();
  });

  it("is not assumed when one push fails: it is sent again, and applied once", async () => {
    const server = new FakeServer();
    const { session, room } = await inRoom(server);
    let answers = 0;
    server.afterPush = () => {
      answers += 1;
      if (answers === 1) throw new Error("the answer was lost");
    };
    assert.equal(await room.send("peer-1", { text: "to myself" }, { receipt: true }), "delivered");
    await until(() => answers === 2);
    assert.equal(server.session().clientSeq, 2);
    assert.equal(session.welcome.epoch, 1);
    await session.close();
  });
});

describe("a push", { timeout: 60_000 }, () => {
  it("that is cut short continues where the server stopped, after the delay it asked for", async () => {
    const server = new FakeServer();
    const { session, room } = await inRoom(server);
    let limited = 0;
    server.beforePush = () => {
      limited += 1;
      return limited === 1 ? { ack: 1, retryAfterMs: 20 } : undefined;
    };
    const began = Date.now();
    await Promise.all([room.broadcast({ text: "a" }), room.broadcast({ text: "b" })]);
    await until(() => server.session().clientSeq === 3);
    assert.ok(Date.now() - began >= 19);
    assert.equal(session.welcome.epoch, 1);
    await session.close();
  });

  it("for an attachment that has ended leads to a resume", async () => {
    const server = new FakeServer();
    const { session, room } = await inRoom(server);
    server.beforePush = ({ epoch }) => {
      if (epoch === 1) throw refusal("DETACHED", "ABORTED");
      return undefined;
    };
    await room.broadcast({ text: "a" });
    await until(() => server.session().clientSeq === 2);
    assert.equal(session.welcome.epoch, 2);
    await session.close();
  });
});

describe("a lost session", { timeout: 60_000 }, () => {
  it("is reset: its rooms close, waiting calls fail, and a new session replaces it", async () => {
    const server = new FakeServer();
    const { session, room, events } = await inRoom(server);
    const reset: unknown[] = [];
    session.on("reset", ({ rooms }) => reset.push(rooms, session.state, session.peerId));
    room.on("closed", ({ reason }) => reset.push(reason));
    server.beforePush = () => {
      throw new Error("network");
    };
    const waiting = assert.rejects(room.update({ displayName: "x" }), (error: WigwagError) => {
      return error.reason === "RESET" && error.metadata["reason"] === "UNKNOWN_SESSION" && error.retryable;
    });
    await until(() => server.pushes.length > 1);
    server.beforePush = () => undefined;
    const fake = server.session();
    server.sessions.delete(fake.token);
    fake.connection?.fail();
    await waiting;
    assert.deepEqual(reset, ["UNKNOWN_SESSION", ["demo"], "connected", "peer-2"]);
    assert.deepEqual(events, ["reconnecting", "reset UNKNOWN_SESSION"]);
    assert.equal(session.rooms.size, 0);
    assert.equal((await session.join("demo")).me.peerId, "peer-2");
    await session.close();
  });

  it("is not resumed again when it was superseded", async () => {
    const server = new FakeServer();
    const { session, events } = await inRoom(server);
    const closed = new Promise<string | undefined>((resolve) => {
      session.on("closed", ({ error }) => resolve(error?.reason));
    });
    server.session().connection?.fail(refusal("SUPERSEDED", "ABORTED"));
    assert.equal(await closed, "SUPERSEDED");
    assert.deepEqual(events, ["closed"]);
    assert.equal(server.hellos.length, 1);
    await assert.rejects(session.join("demo"), { reason: "SUPERSEDED" });
  });

  it("stops on the server's advice, whatever the reason", async () => {
    const server = new FakeServer();
    const { session } = await inRoom(server);
    const closed = new Promise<string | undefined>((resolve) => {
      session.on("closed", ({ error }) => resolve(error?.reason));
    });
    server.session().sendUnnumbered(fatal("SOMETHING_NEW", { advice: "ADVICE_STOP" }));
    assert.equal(await closed, "SOMETHING_NEW");
    assert.equal(server.hellos.length, 1);
  });

  it("is replaced by a new one on the server's advice", async () => {
    const server = new FakeServer();
    const { session, events } = await inRoom(server);
    server.session().sendUnnumbered(fatal("SOMETHING_NEW", { advice: "ADVICE_REJOIN" }));
    await until(() => events.length === 2);
    assert.equal(server.hellos[1]?.resume, undefined);
    assert.equal(events[1]?.startsWith("reset"), true);
    await session.close();
  });

  it("stops when two resumes fail at the same frame", async () => {
    const server = new FakeServer();
    const { session } = await inRoom(server);
    const closed = new Promise<string | undefined>((resolve) => {
      session.on("closed", ({ error }) => resolve(error?.reason));
    });
    server.beforePush = ({ sessionToken }) => {
      server.sessions.get(sessionToken)?.sendUnnumbered(fatal("SEQ_GAP", { code: 3 }));
      throw new Error("cut");
    };
    server.session().sendUnnumbered({ ping: {} });
    assert.equal(await closed, "STUCK");
    assert.equal(server.hellos.length, 3);
  });

  it("stops at a frame that cannot be processed, which every resume would repeat", async () => {
    const server = new FakeServer();
    const { session } = await inRoom(server);
    const closed = new Promise<string | undefined>((resolve) => {
      session.on("closed", ({ error }) => resolve(error?.reason));
    });
    server.session().post({ envelope: { room: "demo", from: "x", sealed: "***" } });
    assert.equal(await closed, "STUCK");
    assert.equal(server.hellos.length, 3);
  });

  it("continues through a bad network, however often it fails at the same frame", async () => {
    const server = new FakeServer();
    const { session } = await inRoom(server);
    for (let epoch = 2; epoch <= 5; epoch += 1) {
      server.session().connection?.fail();
      await until(() => session.welcome.epoch === epoch);
    }
    assert.equal(session.state, "connected");
    await session.close();
  });
});

describe("a server that goes away", { timeout: 60_000 }, () => {
  it("is left at the time it names, for the endpoint it names", async () => {
    const server = new FakeServer();
    const urls: string[] = [];
    const transport = (url: string) => {
      urls.push(url);
      return server.transport(url);
    };
    const session = await connect("http://wigwag.test", { transport });
    await until(() => session.state === "connected");
    const began = Date.now();
    server.session().sendUnnumbered({
      goAway: { reason: "DRAINING", advice: "ADVICE_RESUME", reconnectAfterMs: 30, resumable: true, endpoint: "http://b.test" },
    });
    await until(() => session.welcome.epoch === 2);
    assert.ok(Date.now() - began >= 29);
    server.session().connection?.fail();
    await until(() => session.welcome.epoch === 3);
    assert.deepEqual(urls, ["http://wigwag.test/", "http://b.test", "http://wigwag.test/"]);
    await session.close();
  });

  it("is not retried sooner than it says", async () => {
    const server = new FakeServer();
    const { session } = await inRoom(server);
    const delays: number[] = [];
    session.on("reconnecting", ({ delayMs }) => delays.push(delayMs));
    server.session().connection?.fail(refusal("DRAINING", "UNAVAILABLE", 100));
    await until(() => session.welcome.epoch === 2);
    assert.equal(delays.length, 1);
    assert.ok((delays[0] as number) >= 100);
    await session.close();
  });
});
