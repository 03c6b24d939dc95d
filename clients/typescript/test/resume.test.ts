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
  it("is resumed: nothing is lost, repeated or out of order, and nobody leaves", async () => {
    const server = new FakeServer();
    const { session, room, events } = await inRoom(server);
    const fake = server.session();
    const heard: string[] = [];
    room.on("envelope", ({ payload }) => "text" in payload && heard.push(payload.text));
    const say = (text: string) => fake.post({ envelope: { room: "demo", from: "x", message: { text } } });
    say("before");
    fake.connection?.fail();
    say("meanwhile");
    const sent = room.broadcast({ text: "up" });
    await until(() => session.state === "reconnecting");
    await sent;
    await until(() => events.includes("resumed"));
    say("after");
    await until(() => heard.length === 3);
    assert.deepEqual(heard, ["before", "meanwhile", "after"]);
    await until(() => fake.clientSeq === 2);
    assert.deepEqual(events, ["reconnecting", "resumed"]);
    assert.equal(room.closed, false);
    // The first push of the new attachment begins with a bare ack.
    const first = server.pushes.find(({ epoch }) => epoch === 2);
    assert.deepEqual(Object.keys(first?.frames[0] ?? {}), ["ack"]);
    await session.close();
  });

  it("is a roster's occasion to tell what was missed, each once", async () => {
    const server = new FakeServer();
    const { session, room } = await inRoom(server);
    const told: string[] = [];
    room.on("joined", ({ member }) => told.push(`+${member.peerId}`));
    room.on("left", ({ member }) => told.push(`-${member.peerId}`));
    server.enter("demo", { peerId: "a", joinedAt: "2026-01-01T00:00:00Z" });
    await until(() => told.length === 1);
    server.session().connection?.fail();
    server.enter("demo", { peerId: "b", joinedAt: "2026-01-01T00:00:01Z" });
    server.leave("demo", { peerId: "a" }, "LEFT");
    server.enter("demo", { peerId: "c", joinedAt: "2026-01-01T00:00:02Z" });
    server.leave("demo", { peerId: "c" }, "LEFT");
    await until(() => session.welcome.epoch === 2);
    server.enter("demo", { peerId: "d", joinedAt: "2026-01-01T00:00:03Z" });
    await until(() => told.includes("+d"));
    assert.deepEqual(told, ["+a", "-a", "+b", "+d"]);
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

  it("is none while the server's heartbeats come", async () => {
    const server = new FakeServer();
    server.welcome = { ...server.welcome, heartbeatMs: HEARTBEAT_MS };
    const { session, events } = await inRoom(server);
    const beat = setInterval(() => server.session().tell({ ping: {} }), HEARTBEAT_MS);
    await until(() => server.session().pongs >= 6);
    clearInterval(beat);
    assert.deepEqual(events, []);
    await session.close();
  });

  it("follows from a missing frame", async () => {
    const server = new FakeServer();
    const { session, room } = await inRoom(server);
    const heard: string[] = [];
    room.on("envelope", ({ payload }) => "text" in payload && heard.push(payload.text));
    const fake = server.session();
    const { connection } = fake;
    // This one is in the mailbox, and lost on its way.
    fake.connection = undefined;
    fake.post({ envelope: { room: "demo", from: "x", message: { text: "one" } } });
    fake.connection = connection;
    fake.post({ envelope: { room: "demo", from: "x", message: { text: "two" } } });
    await until(() => heard.length === 2);
    assert.deepEqual(heard, ["one", "two"]);
    assert.equal(session.welcome.epoch, 2);
    await session.close();
  });

  it("follows from pushes that do not get through, after some tries", async () => {
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

  it("is not assumed when one push fails: it is sent again, and counts once", async () => {
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
  it("that is cut short goes on where the server says, after the time it says", async () => {
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

  it("that finds its attachment gone leads to a resume", async () => {
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

describe("a session that is gone", { timeout: 60_000 }, () => {
  it("is reset: its rooms close, what waits fails, and a new one is there", async () => {
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

  it("is not fought over: a superseded one stops", async () => {
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

  it("stops when the server advises so, whatever the reason", async () => {
    const server = new FakeServer();
    const { session } = await inRoom(server);
    const closed = new Promise<string | undefined>((resolve) => {
      session.on("closed", ({ error }) => resolve(error?.reason));
    });
    server.session().tell(fatal("SOMETHING_NEW", { advice: "ADVICE_STOP" }));
    assert.equal(await closed, "SOMETHING_NEW");
    assert.equal(server.hellos.length, 1);
  });

  it("is opened anew when the server advises so", async () => {
    const server = new FakeServer();
    const { session, events } = await inRoom(server);
    server.session().tell(fatal("SOMETHING_NEW", { advice: "ADVICE_REJOIN" }));
    await until(() => events.length === 2);
    assert.equal(server.hellos[1]?.resume, undefined);
    assert.equal(events[1]?.startsWith("reset"), true);
    await session.close();
  });

  it("stops when two resumes come to the same end at the same frame", async () => {
    const server = new FakeServer();
    const { session } = await inRoom(server);
    const closed = new Promise<string | undefined>((resolve) => {
      session.on("closed", ({ error }) => resolve(error?.reason));
    });
    server.beforePush = ({ sessionToken }) => {
      server.sessions.get(sessionToken)?.tell(fatal("PROTOCOL", { code: 3 }));
      throw new Error("cut");
    };
    server.session().tell({ ping: {} });
    assert.equal(await closed, "STUCK");
    assert.equal(server.hellos.length, 3);
  });

  it("stops at a frame that cannot be taken in, which would come again and again", async () => {
    const server = new FakeServer();
    const { session } = await inRoom(server);
    const closed = new Promise<string | undefined>((resolve) => {
      session.on("closed", ({ error }) => resolve(error?.reason));
    });
    server.session().post({ envelope: { room: "demo", from: "x", sealed: "***" } });
    assert.equal(await closed, "STUCK");
    assert.equal(server.hellos.length, 3);
  });

  it("goes on through a bad network, however often it breaks at the same frame", async () => {
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
  it("is left at the moment it names, for the endpoint it names", async () => {
    const server = new FakeServer();
    const urls: string[] = [];
    const transport = (url: string) => {
      urls.push(url);
      return server.transport(url);
    };
    const session = await connect("http://wigwag.test", { transport });
    await until(() => session.state === "connected");
    const began = Date.now();
    server.session().tell({
      goAway: { reason: "DRAINING", advice: "ADVICE_RESUME", reconnectAfterMs: 30, resumable: true, endpoint: "http://b.test" },
    });
    await until(() => session.welcome.epoch === 2);
    assert.ok(Date.now() - began >= 29);
    server.session().connection?.fail();
    await until(() => session.welcome.epoch === 3);
    assert.deepEqual(urls, ["http://wigwag.test/", "http://b.test", "http://wigwag.test/"]);
    await session.close();
  });

  it("is asked again no sooner than it says", async () => {
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
