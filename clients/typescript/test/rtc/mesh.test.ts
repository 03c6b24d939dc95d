import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { WigwagError } from "../../src/index.js";
import { Mesh, type MeshEvent } from "../../src/rtc/index.js";
import { FakeChannel, type FakeConnection, fakeConstructor } from "./fake-rtc.js";
import { FakeRoom, FakeSession, turns, until } from "./fake-room.js";

const options = { RTCPeerConnection: fakeConstructor, displayName: "Ada" };

describe("a mesh", () => {
  let mesh: Mesh;
  afterEach(() => mesh.close());

  async function enter(...others: string[]): Promise<{ room: FakeRoom; session: FakeSession; events: MeshEvent[] }> {
    const room = new FakeRoom("ada", ...others);
    const session = new FakeSession("ada", () => room);
    mesh = await Mesh.join(session.real, "demo", options);
    return { room, session, events: record(mesh) };
  }

  function record(of: Mesh): MeshEvent[] {
    const events: MeshEvent[] = [];
    void (async () => {
      for await (const event of of.events()) events.push(event);
    })();
    return events;
  }

  const channelsOf = (peerId: string) => (mesh.peers.get(peerId)?.rtc as unknown as FakeConnection).channels;

  it("offers to the members it finds, and waits for offers of later members", async () => {
    const { room, events } = await enter("bob");
    mesh.channel("chat");
    room.joins("cleo");
    await turns();
    assert.deepEqual([...mesh.peers.keys()], ["bob", "cleo"]);
    assert.deepEqual(room.sent.map(({ to }) => to), ["bob"]);
    assert.deepEqual(events.map(({ type }) => type), ["peer"]);
  });

  it("closes the connection to a member that left, and opens a new one when it returns", async () => {
    const { room } = await enter("bob");
    const before = mesh.peers.get("bob");
    room.leaves("bob");
    assert.equal(mesh.peers.size, 0);
    room.joins("bob");
    const after = mesh.peers.get("bob");
    assert.notEqual(after?.rtc, before?.rtc);
    assert.equal(before?.closed, true);
    assert.equal(after?.closed, false);
  });

  it("has one channel per name with all peers, and sends to those with an open channel", async () => {
    const { room } = await enter("bob", "cleo");
    const chat = mesh.channel("chat");
    assert.equal(mesh.channel("chat"), chat);
    const reported: string[] = [];
    chat.on("open", ({ peer }) => reported.push(`open ${peer.id}`));
    chat.on("message", ({ peer, data }) => reported.push(`${peer.id}: ${String(data)}`));
    chat.on("close", ({ peer }) => reported.push(`close ${peer.id}`));
    assert.equal(chat.send("too early"), 0);
    channelsOf("bob")[0]?.opens();
    assert.equal(chat.send("hello"), 1);
    assert.deepEqual(channelsOf("bob")[0]?.sent, ["hello"]);
    channelsOf("bob")[0]?.receive("hello yourself");
    room.leaves("bob");
    assert.deepEqual(reported, ["open bob", "bob: hello yourself", "close bob"]);
    assert.equal(chat.send("anybody"), 0);
  });

  it("queues messages to one peer until the channel opens, up to 1 MiB", async () => {
    await enter("bob");
    const channel = mesh.peers.get("bob")!.channel("files");
    channel.send("first");
    const bytes = new Uint8Array([1, 2, 3]);
    channel.send(bytes.subarray(1));
    bytes.fill(0);
    assert.throws(() => channel.send("x".repeat(1 << 20)), { reason: "CHANNEL_FULL" });
    const [raw] = channelsOf("bob");
    raw?.opens();
    assert.deepEqual(raw?.sent, ["first", new Uint8Array([2, 3]).buffer]);
  });

  it("merges two channels opened at once, with each direction in order", async () => {
    await enter("bob");
    const channel = mesh.peers.get("bob")!.channel("chat");
    const received: unknown[] = [];
    channel.on("message", ({ data }) => received.push(data));
    const theirs = new FakeChannel("chat");
    theirs.readyState = "open";
    mesh.peers.get("bob")!.rtc.dispatchEvent(Object.assign(new Event("datachannel"), { channel: theirs }));
    theirs.receive("one");
    const [own] = channelsOf("bob");
    own?.opens();
    channel.send("mine");
    own?.receive("two");
    assert.deepEqual([received, own?.sent, theirs.sent], [["one", "two"], ["mine"], []]);
    theirs.ends();
    assert.equal(channel.closed, true);
  });

  it("reports a channel that was not opened here before its first message, and keeps it when the connection fails", async () => {
    const { events } = await enter("bob");
    const theirs = new FakeChannel("game");
    theirs.readyState = "open";
    const received: unknown[] = [];
    mesh.on("channel", ({ channel }) => channel.on("message", ({ data }) => received.push(data)));
    mesh.peers.get("bob")!.rtc.dispatchEvent(Object.assign(new Event("datachannel"), { channel: theirs }));
    theirs.receive("move");
    await turns();
    assert.deepEqual(received, ["move"]);
    assert.equal(events.at(-1)?.type, "channel");
    const channel = mesh.peers.get("bob")!.channel("game");
    theirs.ends({ torn: true });
    assert.equal(channel.closed, false);
    assert.equal(channel.isOpen, false);
  });

  it("joins again after a reset, and connects to all peers again", async () => {
    const rooms = [new FakeRoom("ada", "bob"), new FakeRoom("ada2", "bob", "cleo")];
    let failures = 1;
    const session = new FakeSession("ada", ({ joined }) => {
      if (joined.length === 1) return rooms[0]!;
      if (failures > 0) {
        failures -= 1;
        throw new WigwagError("busy", { code: "UNAVAILABLE", reason: "DRAINING", retryAfterMs: 1 });
      }
      return rooms[1]!;
    });
    mesh = await Mesh.join(session.real, "demo", options);
    const events = record(mesh);
    mesh.channel("chat");
    const before = mesh.peers.get("bob");
    session.peerId = "ada2";
    rooms[0]!.closes("EXPIRED");
    assert.equal(mesh.closed, false);
    await until(() => mesh.peers.size === 2);
    await turns();
    assert.notEqual(mesh.peers.get("bob"), before);
    assert.equal(mesh.room, rooms[1]!.real);
    assert.deepEqual(session.joined, ["demo", "demo", "demo"]);
    assert.deepEqual(events.map(({ type }) => type), ["peerState", "rejoined", "peer", "peer"]);
    assert.deepEqual(["bob", "cleo"].map((id) => channelsOf(id).map(({ label }) => label)), [["chat"], ["chat"]]);
  });

  it("ends with an error that a retry cannot fix", async () => {
    const room = new FakeRoom("ada");
    const session = new FakeSession("ada", ({ joined }) => {
      if (joined.length === 1) return room;
      throw new WigwagError("no more room", { code: "PERMISSION_DENIED", reason: "FORBIDDEN" });
    });
    mesh = await Mesh.join(session.real, "demo", options);
    const events = record(mesh);
    session.peerId = "ada2";
    room.closes("EXPIRED");
    await until(() => events.length > 0);
    assert.deepEqual(events.map((event) => event.type === "closed" && event.error?.reason), ["FORBIDDEN"]);
    assert.equal(mesh.closed, true);
  });

  it("ends when the room does, with the reason", async () => {
    const { room, events } = await enter("bob");
    room.closes("REMOVED");
    await turns();
    assert.deepEqual(events.at(-1), { type: "closed", reason: "REMOVED", error: undefined });
    assert.equal(room.left, false);
  });

  it("leaves the room when closed, or stays with `leave: false`", async () => {
    const one = await enter("bob");
    await mesh.close();
    assert.equal(one.room.left, true);
    const two = await enter("bob");
    await mesh.close({ leave: false });
    assert.equal(two.room.left, false);
    two.room.joins("cleo");
    assert.equal(mesh.peers.size, 0);
  });

  it("rejects if there is no RTCPeerConnection", async () => {
    await enter();
    const session = new FakeSession("ada", () => new FakeRoom("ada"));
    await assert.rejects(Mesh.join(session.real, "demo"), { reason: "UNSUPPORTED" });
    assert.deepEqual(session.joined, []);
  });
});
