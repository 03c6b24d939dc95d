import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect, type RoomEvent, type Session, WigwagError } from "../src/index.js";
import { FakeServer, nextTurn, refusal, until } from "./fake-server.js";

const URL = "http://wigwag.test";

async function open(server: FakeServer, displayName = "Ada"): Promise<Session> {
  return connect(URL, { displayName, transport: server.transport });
}

const reason = (reason: string) => (error: WigwagError) => error instanceof WigwagError && error.reason === reason;

describe("connecting", { timeout: 60_000 }, () => {
  it("requests a resumable session and learns its peer id", async () => {
    const server = new FakeServer();
    server.welcome = { ...server.welcome, iceServers: [{ urls: ["stun:stun.example.org"] }], node: "n1" };
    const session = await open(server);
    assert.equal(session.peerId, "peer-1");
    assert.equal(session.state, "connected");
    assert.equal(session.welcome.node, "n1");
    assert.deepEqual(session.iceServers, [{ urls: ["stun:stun.example.org"] }]);
    assert.equal(server.hellos[0]?.resumable, true);
    assert.equal(server.hellos[0]?.displayName, "Ada");
    await session.close();
  });

  it("is tried once, so that a wrong address fails at once", async () => {
    const server = new FakeServer();
    server.onOpen = () => {
      throw new Error("ECONNREFUSED");
    };
    await assert.rejects(open(server), reason("UNREACHABLE"));
    assert.equal(server.hellos.length, 1);
  });

  it("rejects with the server's reason", async () => {
    const server = new FakeServer();
    server.onOpen = () => {
      throw refusal("TOKEN_MISSING", "UNAUTHENTICATED");
    };
    await assert.rejects(open(server), reason("TOKEN_MISSING"));
    assert.equal(server.hellos.length, 1);
  });

  it("times out, and can be aborted", async () => {
    const server = new FakeServer();
    // Neither a welcome nor a refusal.
    server.open = () => undefined;
    const { transport } = server;
    await assert.rejects(connect(URL, { transport, timeoutMs: 50 }), reason("TIMEOUT"));
    const abort = new AbortController();
    const connecting = connect(URL, { transport, signal: abort.signal });
    abort.abort(new Error("enough"));
    await assert.rejects(connecting, { message: "enough" });
  });

  it("accepts only http URLs", async () => {
    await assert.rejects(connect("ftp://example.org"), reason("INVALID_FIELD"));
  });

  it("reconnects with the last token", async () => {
    const server = new FakeServer();
    const session = await connect(URL, { transport: server.transport, token: "first" });
    await session.refreshToken("second");
    server.session().connection?.fail();
    await until(() => session.welcome.epoch === 2);
    assert.deepEqual(server.hellos.map(({ token }) => token), ["first", "second"]);
    await session.close();
  });

  it("gets a fresh token before every connection", async () => {
    const server = new FakeServer();
    let tokens = 0;
    const session = await connect(URL, { transport: server.transport, token: () => `t${(tokens += 1)}` });
    server.session().connection?.fail();
    await until(() => server.hellos.length === 2);
    assert.deepEqual(server.hellos.map(({ token }) => token), ["t1", "t2"]);
    await session.close();
  });

  it("names the session it replaces only in the first hello", async () => {
    const server = new FakeServer();
    const session = await connect(URL, { transport: server.transport, replaces: "old" });
    server.session().connection?.fail();
    await until(() => server.hellos.length === 2);
    assert.deepEqual(server.hellos.map(({ replaces }) => replaces), ["old", undefined]);
    await session.close();
  });
});

describe("a room", { timeout: 60_000 }, () => {
  it("has its members, and events of new ones and of their signals", async () => {
    const server = new FakeServer();
    const ada = await open(server);
    const first = await ada.join("demo");
    assert.equal(first.created, true);
    const events: RoomEvent[] = [];
    for (const type of ["joined", "left", "envelope"] as const) first.on(type, (event) => events.push(event));

    const bob = await open(server, "Bob");
    const second = await bob.join("demo");
    assert.deepEqual([...second.members.keys()], [ada.peerId]);
    assert.equal(second.isPolite(ada.peerId), true);
    assert.equal(first.isPolite(bob.peerId), false);
    await second.send(ada.peerId, { text: "hello" });
    await second.broadcast({ candidate: null });
    await bob.close();
    await until(() => events.length === 4);
    assert.deepEqual(events.map(({ type }) => type), ["joined", "envelope", "envelope", "left"]);
    assert.deepEqual(events[1], { type: "envelope", from: "peer-2", payload: { text: "hello" } });
    assert.deepEqual(events[2], { type: "envelope", from: "peer-2", payload: { candidate: { candidate: "" } } });
    assert.equal(first.members.size, 0);
    await ada.close();
  });

  it("emits nothing before the listeners of the joining turn are added", async () => {
    const server = new FakeServer();
    const session = await open(server);
    const joining = session.join("demo");
    await until(() => server.rooms.has("demo"));
    server.session().post({ envelope: { room: "demo", from: "x", message: { text: "early" } } });
    const room = await joining;
    const received = await new Promise<string>((resolve) => {
      room.on("envelope", ({ from }) => resolve(from));
    });
    assert.equal(received, "x");
    await session.close();
  });

  it("is the same object when it is joined twice", async () => {
    const server = new FakeServer();
    const session = await open(server);
    const [first, second] = await Promise.all([session.join("demo"), session.join("demo")]);
    assert.equal(first, second);
    assert.equal(session.rooms.size, 1);
    await session.close();
  });

  it("reports its end once, by event and iterator", async () => {
    const server = new FakeServer();
    const session = await open(server);
    const room = await session.createRoom({ displayName: "Room" });
    assert.equal(room.name, "made-by-server");
    const events: string[] = [];
    const reading = (async () => {
      for await (const event of room.events()) events.push(event.type);
    })();
    await room.leave();
    await reading;
    assert.deepEqual(events, ["closed"]);
    assert.equal(room.closed, true);
    await assert.rejects(room.leave(), reason("NOT_JOINED"));
    await assert.rejects(room.broadcast({ text: "too late" }), reason("NOT_JOINED"));
    await assert.rejects(room.update({}), reason("NOT_JOINED"));
    await session.close();
  });

  it("returns receipts, and reports what cannot be delivered", async () => {
    const server = new FakeServer();
    const ada = await open(server);
    const bob = await open(server, "Bob");
    const room = await ada.join("demo");
    await bob.join("demo");
    assert.equal(await room.send(bob.peerId, { text: "a" }, { receipt: true }), "delivered");
    await assert.rejects(room.send("absent", { text: "b" }, { receipt: true }), reason("PEER_NOT_FOUND"));

    const undelivered: Array<[string, string]> = [];
    room.on("undeliverable", ({ to, error }) => undelivered.push([to, error.reason]));
    await room.send("absent", { text: "c" });
    await room.send(bob.peerId, { text: "d" });
    await until(() => undelivered.length === 1);
    const reported = server.session(ada.peerId);
    reported.post({ replyTo: reported.clientSeq, receipt: { peerId: bob.peerId, outcome: "OUTCOME_UNDELIVERABLE", reason: "EXPIRED" } });
    await until(() => undelivered.length === 2);
    assert.deepEqual(undelivered, [["absent", "PEER_NOT_FOUND"], [bob.peerId, "EXPIRED"]]);
    await Promise.all([ada.close(), bob.close()]);
  });

  it("is left again if the caller gave up joining", async () => {
    const server = new FakeServer();
    const session = await open(server);
    const abort = new AbortController();
    const joining = session.join("demo", { signal: abort.signal });
    abort.abort(new Error("changed my mind"));
    await assert.rejects(joining, { message: "changed my mind" });
    await until(() => server.rooms.has("demo"));
    await until(() => server.rooms.get("demo")?.members.size === 0);
    assert.equal(session.rooms.size, 0);
    await session.close();
  });

  it("belongs to the join that is repeated after one was given up", async () => {
    const server = new FakeServer();
    const session = await open(server);
    for (const giveUp of ["before the first answer", "both"]) {
      const name = `demo ${giveUp}`;
      const [first, second] = [new AbortController(), new AbortController()];
      const refused = assert.rejects(session.join(name, { signal: first.signal }));
      first.abort();
      await refused;
      const joining = session.join(name, { signal: second.signal });
      if (giveUp === "both") {
        const alsoRefused = assert.rejects(joining);
        second.abort();
        await alsoRefused;
        await until(() => server.rooms.get(name)?.members.size === 0);
        continue;
      }
      const room = await joining;
      // Answered after everything that the first, late answer could have led to.
      await room.update({ displayName: "still here" });
      assert.equal(room.closed, false);
      assert.equal(server.rooms.get(name)?.members.size, 1);
    }
    await session.close();
  });

  it("refuses at once what is far too large", async () => {
    const server = new FakeServer();
    const session = await open(server);
    const room = await session.join("demo");
    await assert.rejects(room.broadcast({ text: "x".repeat(300_000) }), reason("FRAME_TOO_LARGE"));
    await room.broadcast({ text: "still here" });
    await session.close();
  });
});

describe("a session", { timeout: 60_000 }, () => {
  it("sends bye when it is closed, and refuses later calls", async () => {
    const server = new FakeServer();
    const session = await open(server);
    const room = await session.join("demo");
    const closed: unknown[] = [];
    session.on("closed", ({ error }) => closed.push(error));
    room.on("closed", ({ reason }) => closed.push(reason));
    const waiting = room.update({ displayName: "late" });
    const rejected = assert.rejects(waiting, reason("CLOSED"));
    await session.close();
    await rejected;
    assert.equal(server.sessions.size, 0);
    assert.deepEqual(closed, ["LEFT", undefined]);
    assert.equal(session.state, "closed");
    await assert.rejects(session.join("demo"), reason("CLOSED"));
    await session.close();
  });

  it("answers pings", async () => {
    const server = new FakeServer();
    const session = await open(server);
    server.session().sendUnnumbered({ ping: {} });
    await until(() => server.session().pongs === 1);
    await session.close();
  });

  it("acknowledges within the acknowledgment delay", async () => {
    const server = new FakeServer();
    const session = await open(server);
    await session.join("demo");
    await until(() => server.session().acked === 1);
    assert.deepEqual(server.pushes.at(-1)?.frames, [{ ack: 1 }]);
    await session.close();
  });

  it("sends what was submitted in one turn in one push, and one push at a time", async () => {
    const server = new FakeServer();
    const session = await open(server);
    const room = await session.join("demo");
    const before = server.pushes.length;
    let under = 0;
    server.beforePush = async () => {
      under += 1;
      assert.equal(under, 1);
      await nextTurn();
      under -= 1;
      return undefined;
    };
    for (const text of ["a", "b", "c"]) void room.broadcast({ text });
    await until(() => server.pushes.length === before + 1);
    void room.broadcast({ text: "d" });
    await until(() => server.session().clientSeq === 5);
    assert.deepEqual(server.pushes.slice(before).map(({ frames }) => frames.length), [3, 1]);
    await session.close();
  });

  it("waits while the send buffer is full, and keeps the order", async () => {
    const server = new FakeServer();
    const session = await open(server);
    const bob = await open(server, "Bob");
    const room = await session.join("demo");
    const received: string[] = [];
    (await bob.join("demo")).on("envelope", ({ payload }) => "text" in payload && received.push(payload.text));
    const sent = Array.from({ length: 3_000 }, (_, n) => String(n));
    await Promise.all(sent.map((text) => room.send(bob.peerId, { text })));
    await until(() => received.length === sent.length);
    assert.deepEqual(received, sent);
    await Promise.all([session.close(), bob.close()]);
  });

  it("does not send what was aborted while it waited for room", async () => {
    const server = new FakeServer();
    const session = await open(server);
    const bob = await open(server, "Bob");
    const room = await session.join("demo");
    const received: string[] = [];
    (await bob.join("demo")).on("envelope", ({ payload }) => "text" in payload && received.push(payload.text));
    const abort = new AbortController();
    const sent = Array.from({ length: 1_100 }, (_, n) => String(n));
    const sending = sent.map((text) => room.send(bob.peerId, { text }));
    const given = room.send(bob.peerId, { text: "too late" }, { signal: abort.signal });
    abort.abort(new Error("changed my mind"));
    await assert.rejects(given, { message: "changed my mind" });
    await Promise.all(sending);
    await room.send(bob.peerId, { text: "last" });
    await until(() => received.length > sent.length);
    assert.deepEqual(received, [...sent, "last"]);
    await Promise.all([session.close(), bob.close()]);
  });

  it("skips and acknowledges unknown frames", async () => {
    const server = new FakeServer();
    const session = await open(server);
    server.session().post({});
    await until(() => server.session().acked === 1);
    await session.close();
  });
});
