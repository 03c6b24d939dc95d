import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { connect, type ConnectOptions, type Payload, type Room, type Session, WigwagError } from "../../src/index.js";
import { until } from "../fake-server.js";
import { TRANSPORTS } from "./transports.js";
import { Proxy, startServer, type WigwagServer } from "./wigwag-server.js";

let server: WigwagServer;

before(async () => {
  server = await startServer();
});
after(() => server.stop());

const reason = (reason: string) => (error: unknown) => error instanceof WigwagError && error.reason === reason;

for (const [transport, way] of TRANSPORTS) describe(`over ${transport}`, () => contract(transport, way));

function contract(transport: string, way: ConnectOptions): void {
  const sessions: Session[] = [];
  after(() => Promise.all(sessions.map((session) => session.close())));

  async function open(options: ConnectOptions = {}, url = server.url): Promise<Session> {
    const session = await connect(url, { ...way, ...options });
    sessions.push(session);
    return session;
  }

  /** Two members of a new room. */
  async function pair(): Promise<{ ada: Session; bob: Session; here: Room; there: Room }> {
    const [ada, bob] = await Promise.all([open({ displayName: "Ada" }), open({ displayName: "Bob" })]);
    const here = await ada.createRoom();
    const there = await bob.join(here.name);
    await until(() => here.members.has(bob.peerId));
    return { ada, bob, here, there };
  }

  describe("signals", { timeout: 60_000 }, () => {
    it("of every kind arrive unchanged", async () => {
      const { ada, bob, here, there } = await pair();
      const sent: Payload[] = [
        { description: { type: "offer", sdp: "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n".repeat(100) } },
        { description: { type: "rollback", sdp: "" } },
        { candidate: { candidate: "candidate:1 1 UDP 1 x.local 9 typ host", sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "ab" } },
        { candidate: { candidate: "" } },
        { text: "flags: ⚑ 🏴‍☠️ ü" },
        { binary: Uint8Array.from({ length: 256 }, (_, n) => n) },
        { sealed: new Uint8Array(0) },
      ];
      const received: unknown[] = [];
      there.on("envelope", ({ from, payload }) => {
        assert.equal(from, ada.peerId);
        received.push(payload);
      });
      for (const payload of sent) assert.equal(await here.send(bob.peerId, payload, { receipt: true }), "delivered");
      assert.deepEqual(received, sent);
    });

    it("arrive in order, through the room and to one member", async () => {
      const { ada, bob, here, there } = await pair();
      const received: string[] = [];
      there.on("envelope", ({ payload }) => "text" in payload && received.push(payload.text));
      const sent = Array.from({ length: 3_000 }, (_, n) => String(n));
      await Promise.all(
        sent.map((text, n) => (n % 2 ? here.send(bob.peerId, { text }) : here.broadcast({ text }))),
      );
      await until(() => received.length === sent.length);
      assert.deepEqual(received, sent);
      assert.equal(ada.transport, transport);
      assert.equal(ada.state, "connected");
    });

    it("can be sent without a room", async () => {
      const { ada, bob } = await pair();
      const received = new Promise((resolve) => bob.on("envelope", ({ from, payload }) => resolve({ from, payload })));
      await ada.send(bob.peerId, { text: "psst" });
      assert.deepEqual(await received, { from: ada.peerId, payload: { text: "psst" } });
    });

    it("that cannot be sent are refused with a reason, and the session continues", async () => {
      const { bob, here } = await pair();
      const { peerId } = bob;
      await assert.rejects(here.send("absent", { text: "x" }, { receipt: true }), reason("PEER_NOT_FOUND"));
      await assert.rejects(here.send(here.me.peerId, { text: "x" }, { receipt: true }), reason("INVALID_FIELD"));
      await assert.rejects(here.send(peerId, { text: "x".repeat(70_000) }, { receipt: true }), reason("FRAME_TOO_LARGE"));
      const bad = { description: { type: "nonsense" as "offer", sdp: "" } };
      await assert.rejects(here.send(peerId, bad, { receipt: true }), reason("INVALID_FIELD"));
      assert.equal(await here.send(peerId, { text: "still here" }, { receipt: true }), "delivered");
    });

    it("that no transport can encode fail alone, and the connection stays", async () => {
      const { ada, bob, here, there } = await pair();
      const half = "half an emoji \ud83d";
      const field = (name: string) => (error: unknown) =>
        error instanceof WigwagError && error.reason === "INVALID_FIELD" && error.metadata["field"] === name;
      for (const send of [(payload: Payload) => here.broadcast(payload), (payload: Payload) => here.send(bob.peerId, payload, { receipt: true })]) {
        await assert.rejects(send({ text: half }), field("envelope.message.text"));
        await assert.rejects(send({ description: { type: "offer", sdp: half } }), field("envelope.description.sdp"));
        await assert.rejects(send({ candidate: { candidate: half } }), field("envelope.candidate.candidate"));
      }
      await assert.rejects(here.update({ displayName: half }), field("updateMember.displayName"));
      await assert.rejects(here.update({ metadata: { mood: half } }), field("updateMember.metadata.mood"));
      await assert.rejects(ada.join(half), field("join.room"));
      await assert.rejects(ada.join("demo", { metadata: { [half]: "x" } }), field("join.metadata"));
      await assert.rejects(ada.createRoom({ displayName: half }), field("createRoom.displayName"));
      await assert.rejects(ada.send(bob.peerId, { text: half }), field("envelope.message.text"));
      await assert.rejects(connect(server.url, { ...way, displayName: half }), field("displayName"));

      // Not text: what is wrong is found when the frame is encoded, or by the server.
      const received: string[] = [];
      there.on("envelope", ({ payload }) => "text" in payload && received.push(payload.text));
      const refused: string[] = [];
      here.on("undeliverable", ({ error }) => refused.push(error.reason));
      const odd = { candidate: { candidate: "", sdpMLineIndex: -1 } };
      await here.broadcast({ text: "before" });
      await here.broadcast(odd);
      await assert.rejects(here.send(bob.peerId, odd, { receipt: true }), reason("INVALID_FIELD"));
      await here.broadcast({ text: "after" });
      assert.equal(await here.send(bob.peerId, { text: "last" }, { receipt: true }), "delivered");
      assert.deepEqual(received, ["before", "after", "last"]);
      assert.deepEqual(refused, ["INVALID_FIELD"]);
      assert.equal(ada.welcome.epoch, 1);
    });
  });

  describe("rooms", { timeout: 60_000 }, () => {
    it("report who joins, changes and leaves", async () => {
      const { ada, here, there, bob } = await pair();
      const reported: string[] = [];
      here.on("joined", ({ member }) => reported.push(`+${member.displayName}`));
      here.on("updated", ({ member }) => reported.push(`=${member.displayName} ${JSON.stringify(member.metadata)}`));
      here.on("left", ({ member, reason }) => reported.push(`-${member.displayName} ${reason}`));
      await there.update({ displayName: "Rob", metadata: { mood: "fine" } });
      assert.equal(there.me.displayName, "Rob");
      const eve = await open({ displayName: "Eve" });
      await eve.join(here.name, { displayName: "Evelyn" });
      await there.leave();
      await eve.close();
      await until(() => reported.length === 4);
      assert.deepEqual(reported, ['=Rob {"mood":"fine"}', "+Evelyn", "-Rob LEFT", "-Evelyn LEFT"]);
      assert.equal(there.closed, true);
      assert.equal(bob.rooms.size, 0);
      assert.equal(here.me.role, "owner");
      assert.equal(here.info.owner, ada.peerId);
    });

    it("can be ended by their owner, who can also remove members", async () => {
      const { here, there, bob } = await pair();
      await assert.rejects(there.end(), reason("FORBIDDEN"));
      const removed = new Promise((resolve) => there.on("closed", ({ reason }) => resolve(reason)));
      await here.remove(bob.peerId, { ban: true });
      assert.equal(await removed, "BANNED");
      await assert.rejects(bob.join(here.name), reason("BANNED"));
      const ended = new Promise((resolve) => here.on("closed", ({ reason }) => resolve(reason)));
      await here.end();
      assert.equal(await ended, "ENDED");
    });

    it("pass to the next member when their owner leaves", async () => {
      const { ada, there } = await pair();
      await ada.close();
      await until(() => there.me.role === "owner");
      assert.equal(there.info.owner, there.me.peerId);
    });

    it("refuse with a reason", async () => {
      const session = await open();
      await assert.rejects(session.join(""), reason("INVALID_FIELD"));
      await assert.rejects(session.join("x".repeat(129)), reason("INVALID_FIELD"));
      const room = await session.createRoom({ maxMembers: 1 });
      const other = await open();
      await assert.rejects(other.join(room.name), reason("ROOM_FULL"));
      await assert.rejects(other.createRoom({ room: room.name }), reason("ROOM_EXISTS"));
    });
  });

  describe("a lost connection", { timeout: 60_000 }, () => {
    it("loses nothing: every signal arrives once, in order, and no member leaves", async () => {
      const proxy = await Proxy.start(server.port);
      // The back-off is random; made short here, so that there are many cuts.
      const jitter = mock.method(Math, "random", () => 0.02);
      const [ada, bob] = await Promise.all([open({}, proxy.url), open({}, proxy.url)]);
      const rooms = [await ada.join(`cuts over ${transport}`), await bob.join(`cuts over ${transport}`)];
      const gone: string[] = [];
      const received = rooms.map((room) => {
        const texts: string[] = [];
        room.on("envelope", ({ payload }) => "text" in payload && texts.push(payload.text));
        room.on("left", ({ member }) => gone.push(member.peerId));
        return texts;
      });
      const sent: string[] = [];
      for (let cut = 0; cut < 15; cut += 1) {
        for (let n = 0; n < 40; n += 1) {
          const text = `${cut}/${n}`;
          sent.push(text);
          void rooms[0]?.send(bob.peerId, { text });
          void rooms[1]?.broadcast({ text });
        }
        // During the traffic of this round.
        await until(() => received.every((texts) => texts.length >= sent.length - 20));
        proxy.cut();
      }
      await until(() => received.every((texts) => texts.length === sent.length));
      jitter.mock.restore();
      for (const texts of received) assert.deepEqual(texts, sent);
      assert.deepEqual(gone, []);
      assert.ok(ada.welcome.epoch > 5, `only ${ada.welcome.epoch} attachments`);
      await Promise.all([ada.close(), bob.close()]);
      await proxy.stop();
    });

    it("that lasts longer than the grace period is a reset", async () => {
      const proxy = await Proxy.start(server.port);
      const session = await open({ graceMs: 500 }, proxy.url);
      const watcher = await open();
      const room = await session.join(`short grace over ${transport}`);
      const left = new Promise((resolve) =>
        watcher.join(`short grace over ${transport}`).then((watched) => watched.on("left", ({ reason }) => resolve(reason))),
      );
      const reset = new Promise((resolve) => session.on("reset", ({ rooms }) => resolve(rooms)));
      const before = session.peerId;
      await until(() => room.members.size === 1);
      proxy.closed = true;
      proxy.cut();
      assert.equal(await left, "EXPIRED");
      proxy.closed = false;
      assert.deepEqual(await reset, [`short grace over ${transport}`]);
      assert.notEqual(session.peerId, before);
      assert.equal(room.closed, true);
      await session.join(`short grace over ${transport}`);
      await session.close();
      await proxy.stop();
    });
  });

  describe("a session", { timeout: 60_000 }, () => {
    it("can replace an earlier one", async () => {
      const { bob, here } = await pair();
      const left = new Promise((resolve) => here.on("left", ({ reason }) => resolve(reason)));
      const closed = new Promise((resolve) => bob.on("closed", ({ error }) => resolve(error?.reason)));
      await open({ replaces: bob.sessionToken });
      assert.equal(await left, "REPLACED");
      assert.equal(typeof (await closed), "string");
    });

    it("is replaced by a new one after its server was restarted", async () => {
      const first = await startServer();
      const session = await open({}, first.url);
      await session.join("demo");
      const reset = new Promise((resolve) => session.on("reset", ({ rooms }) => resolve(rooms)));
      await first.stop();
      const second = await startServer({ port: first.port });
      assert.deepEqual(await reset, ["demo"]);
      await session.join("demo");
      await session.close();
      await second.stop();
    });
  });
}
