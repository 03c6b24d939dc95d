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

  it("offers to those it finds, and waits for the offers of those who come", async () => {
    const { room, events } = await enter("bob");
    mesh.channel("chat");
    room.joins("cleo");
    await turns();
    assert.deepEqual([...mesh.peers.keys()], ["bob", "cleo"]);
    assert.deepEqual(room.sent.map(({ to }) => to), ["bob"]);
    assert.deepEqual(events.map(({ type }) => type), ["peer"]);
  });

  it("has no connection to who left, and a new one to who came back", async () => {
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

  it("has one channel of a name with everybody, and sends to those who hear", async () => {
    const { room } = await enter("bob", "cleo");
    const chat = mesh.channel("chat");
    assert.equal(mesh.channel("chat"), chat);
    const told: string[] = [];
    chat.on("open", ({ peer }) => told.push(`open ${peer.id}`));
    chat.on("message", ({ peer, data }) => told.push(`${peer.id}: ${String(data)}`));
    chat.on("close", ({ peer }) => told.push(`close ${peer.id}`));
    assert.equal(chat.send("too early"), 0);
    channelsOf("bob")[0]?.opens();
    assert.equal(chat.send("hello"), 1);
    assert.deepEqual(channelsOf("bob")[0]?.sent, ["hello"]);
    channelsOf("bob")[0]?.hears("hello yourself");
    room.leaves("bob");
    assert.deepEqual(told, ["open bob", "bob: hello yourself", "close bob"]);
    assert.equal(chat.send("anybody"), 0);
  });

  it("keeps what is said to one peer until the channel opens, and gives up at 1 MiB", async () => {
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

  it("makes one channel of two when both ends opened it at once, each way in order", async () => {
    await enter("bob");
    const channel = mesh.peers.get("bob")!.channel("chat");
    const heard: unknown[] = [];
    channel.on("message", ({ data }) => heard.push(data));
    const theirs = new FakeChannel("chat");
    theirs.readyState = "open";
    mesh.peers.get("bob")!.rtc.dispatchEvent(Object.assign(new Event("datachannel"), { channel: theirs }));
    theirs.hears("one");
    const [own] = channelsOf("bob");
    own?.opens();
    channel.send("mine");
    own?.hears("two");
    assert.deepEqual([heard, own?.sent, theirs.sent], [["one", "two"], ["mine"], []]);
    theirs.ends();
    assert.equal(channel.closed, true);
  });

  it("tells of a channel nobody asked for, before its first message, and keeps it when its connection is torn", async () => {
    const { events } = await enter("bob");
    const theirs = new FakeChannel("game");
    theirs.readyState = "open";
    const heard: unknown[] = [];
    mesh.on("channel", ({ channel }) => channel.on("message", ({ data }) => heard.push(data)));
    mesh.peers.get("bob")!.rtc.dispatchEvent(Object.assign(new Event("datachannel"), { channel: theirs }));
    theirs.hears("move");
    await turns();
    assert.deepEqual(heard, ["move"]);
    assert.equal(events.at(-1)?.type, "channel");
    const channel = mesh.peers.get("bob")!.channel("game");
    theirs.ends({ torn: true });
    assert.equal(channel.closed, false);
    assert.equal(channel.isOpen, false);
  });

  it("joins again after a reset, and meets everybody anew", async () => {
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

  it("ends with what cannot be healed by trying again", async () => {
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

  it("ends when the room does, and tells why", async () => {
    const { room, events } = await enter("bob");
    room.closes("REMOVED");
    await turns();
    assert.deepEqual(events.at(-1), { type: "closed", reason: "REMOVED", error: undefined });
    assert.equal(room.left, false);
  });

  it("leaves the room when closed, or stays if asked to", async () => {
    const one = await enter("bob");
    await mesh.close();
    assert.equal(one.room.left, true);
    const two = await enter("bob");
    await mesh.close({ leave: false });
    assert.equal(two.room.left, false);
    two.room.joins("cleo");
    assert.equal(mesh.peers.size, 0);
  });

  it("says so where there is no RTCPeerConnection", async () => {
    await enter();
    const session = new FakeSession("ada", () => new FakeRoom("ada"));
    await assert.rejects(Mesh.join(session.real, "demo"), { reason: "UNSUPPORTED" });
    assert.deepEqual(session.joined, []);
  });
});
