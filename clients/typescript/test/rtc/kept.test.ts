// Connections that outlive the sessions they were made with: two meshes, their signals and their channels are carried by the test.
import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import { Mesh, type MeshEvent, type Peer } from "../../src/rtc/index.js";
import { KeptPeers } from "../../src/rtc/kept-peers.js";
import { Emitter } from "../../src/events.js";
import type { PeerEvent } from "../../src/rtc/peer.js";
import { FakeConnection, fakeConstructor } from "./fake-rtc.js";
import { FakeRoom, FakeSession, turns, until } from "./fake-room.js";

const options = { RTCPeerConnection: fakeConstructor };

/** A mesh and its room. The room of the next session is `next`. */
class Side {
  readonly session: FakeSession;
  events: MeshEvent[] = [];
  mesh!: Mesh;
  next: FakeRoom | undefined;
  readonly #delivered = new WeakMap<FakeRoom, number>();

  constructor(public room: FakeRoom) {
    this.session = new FakeSession(room.own, () => {
      this.room = this.next ?? this.room;
      return this.room;
    });
  }

  async join(): Promise<this> {
    this.mesh = await Mesh.join(this.session.real, "demo", options);
    for (const type of ["peer", "adopted", "rejoined", "peerState", "error"] as const) this.mesh.on(type, (event) => this.events.push(event));
    return this;
  }

  get id(): string {
    return this.session.peerId;
  }

  /** The only peer, or the one of that id. */
  peer(id?: string): Peer {
    const found = id === undefined ? [...this.mesh.peers.values()][0] : this.mesh.peers.get(id);
    assert.ok(found, `a peer ${id ?? ""}`);
    return found;
  }

  rtc(id?: string): FakeConnection {
    return this.peer(id).rtc as unknown as FakeConnection;
  }

  /** The signals sent since the last call, to members only, as a server would pass them on. */
  signals(): FakeRoom["sent"] {
    const from = this.#delivered.get(this.room) ?? 0;
    this.#delivered.set(this.room, this.room.sent.length);
    return this.room.sent.slice(from);
  }

  /** The session is lost, and replaced by one with this id, in a room with these members. */
  async isReset(id: string, ...others: string[]): Promise<void> {
    this.next = new FakeRoom(id, ...others);
    this.session.peerId = id;
    this.room.closes("UNKNOWN_SESSION");
    await turns();
  }

  offers(): number {
    return this.room.descriptions.filter(({ type }) => type === "offer").length;
  }

  of<T extends MeshEvent["type"]>(type: T): Array<MeshEvent & { type: T }> {
    return this.events.filter((event): event is MeshEvent & { type: T } => event.type === type);
  }
}

/** Carries signals and messages of the internal channels until there are none. */
async function carry(ada: Side, bob: Side): Promise<void> {
  for (let quiet = 0; quiet < 3; ) {
    await turns();
    quiet += 1;
    for (const [from, to] of [[ada, bob], [bob, ada]] as const) {
      for (const { to: id, payload } of from.signals()) {
        if (id === to.id && to.room.members.has(from.id)) to.room.brings(from.id, payload);
        quiet = 0;
      }
      const [here, there] = [from.mesh.peers.size, to.mesh.peers.size].every((size) => size > 0) ? [from.rtc().internal, to.rtc().internal] : [];
      for (const data of here?.sent.splice(0) ?? []) {
        there?.receive(data);
        quiet = 0;
      }
    }
  }
}

describe("a connection", { timeout: 60_000 }, () => {
  let ada: Side;
  let bob: Side;
  afterEach(() => Promise.all([ada.mesh.close(), bob.mesh.close()]));

  /** Two connected peers, of which bob is polite. */
  async function connected(): Promise<void> {
    ada = await new Side(new FakeRoom("ada")).join();
    bob = await new Side(new FakeRoom("bob", "ada")).join();
    ada.room.joins("bob");
    bob.mesh.channel("chat");
    await carry(ada, bob);
    for (const { rtc } of [{ rtc: ada.rtc() }, { rtc: bob.rtc() }]) {
      assert.equal(rtc.signalingState, "stable");
      rtc.internal?.opens();
      for (const channel of rtc.channels) channel.opens();
      rtc.becomes("connected");
    }
    await carry(ada, bob);
    ada.events.length = bob.events.length = 0;
  }

  /** Checks that both ends continue their connection, under these ids, without another offer. */
  function continues(before: { ada: FakeConnection; bob: FakeConnection }): void {
    assert.equal(ada.rtc(bob.id), before.ada);
    assert.equal(bob.rtc(ada.id), before.bob);
    assert.deepEqual([ada.mesh.peers.size, bob.mesh.peers.size], [1, 1]);
    assert.equal(before.ada.connectionState, "connected");
    assert.equal(before.bob.connectionState, "connected");
    assert.deepEqual([ada.of("peerState"), bob.of("peerState"), ada.of("peer"), bob.of("peer")], [[], [], [], []]);
    assert.equal(bob.mesh.channel("chat").peers.length, 1);
  }

  it("continues after a restart of the server, under the new ids of both peers", async () => {
    await connected();
    const before = { ada: ada.rtc(), bob: bob.rtc() };
    const polite = { bob: bob.peer(), key: bob.peer().key };
    // In the other order than before, so that politeness by ids would change.
    await ada.isReset("zoe");
    await carry(ada, bob);
    assert.equal(ada.rtc(), before.ada);
    await bob.isReset("abe", "zoe");
    ada.room.joins("abe");
    await carry(ada, bob);
    continues(before);
    assert.deepEqual([ada.offers(), bob.offers()], [0, 0]);
    assert.deepEqual(ada.of("adopted").map(({ before, peer }) => [before, peer.id, peer.member?.peerId]), [["bob", "abe", "abe"]]);
    assert.deepEqual(bob.of("adopted").map(({ before, peer }) => [before, peer.id]), [["ada", "zoe"]]);
    assert.equal(bob.peer(), polite.bob);
    assert.equal(bob.peer().key, polite.key);

    // Later both offer at once, and the polite peer is the same as ever.
    before.ada.restartIce();
    before.bob.restartIce();
    await carry(ada, bob);
    continues(before);
    for (const rtc of [before.ada, before.bob]) assert.equal(rtc.signalingState, "stable");
    for (const [side, role] of [[ada, "impolite"], [bob, "polite"]] as const) {
      const offer = side.room.descriptions.find(({ type }) => type === "offer");
      assert.match(offer?.sdp ?? "", new RegExp(`^a=x-wigwag-role:${role}\r$`, "m"));
    }

    // And again.
    await Promise.all([ada.isReset("ada3"), bob.isReset("bob3")]);
    for (const [side, other] of [[ada, "bob3"], [bob, "ada3"]] as const) side.room.joins(other);
    await carry(ada, bob);
    continues(before);
  });

  it("continues when only one session was lost, whatever the other peer sees first", async () => {
    for (const order of ["left, joined", "joined, left", "reconnecting, joined"] as const) {
      await connected();
      const before = { ada: ada.rtc(), bob: bob.rtc() };
      if (order === "left, joined") ada.room.leaves("bob", "EXPIRED");
      if (order === "reconnecting, joined") {
        const member = { ...ada.room.members.get("bob")!, state: "reconnecting" as const };
        ada.room.members.set("bob", member);
        ada.room.emit({ type: "updated", member, before: member });
      }
      await bob.isReset("bob2", "ada");
      ada.room.joins("bob2");
      if (order === "joined, left") ada.room.leaves("bob", "CONNECTION_LOST");
      await carry(ada, bob);
      if (order !== "left, joined") ada.room.leaves("bob", "EXPIRED");
      // A member that may be new has a connection that waits for an offer until it is recognized.
      if (order === "joined, left") ada.events = ada.events.filter((event) => !("peer" in event) || event.peer === ada.peer());
      continues(before);
      assert.deepEqual([ada.offers(), bob.offers()], [0, 0]);
      await Promise.all([ada.mesh.close(), bob.mesh.close()]);
    }
    await connected();
  });

  it("is closed at once when the member left for a reason", async () => {
    for (const reason of ["LEFT", "REMOVED", "BANNED", "REPLACED", "FORBIDDEN"]) {
      await connected();
      ada.room.leaves("bob", reason);
      assert.deepEqual([...ada.mesh.peers.keys()], [], reason);
      await Promise.all([ada.mesh.close(), bob.mesh.close()]);
    }
    await connected();
  });

  it("is closed when it is not connected, or does not stay connected", async () => {
    await connected();
    const rtc = ada.rtc();
    rtc.becomes("disconnected");
    ada.room.leaves("bob", "EXPIRED");
    assert.equal(ada.mesh.peers.size, 0);
    await Promise.all([ada.mesh.close(), bob.mesh.close()]);
    await connected();
    ada.room.leaves("bob", "EXPIRED");
    assert.equal(ada.mesh.peers.size, 1);
    ada.rtc().becomes("failed");
    assert.equal(ada.mesh.peers.size, 0);
  });

  it("is not given to a member that has only the id of the former peer", async () => {
    await connected();
    const [before, peer] = [ada.rtc(), ada.peer()];
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      await ada.isReset("ada2", "bob");
      // A guess, and the wrong kind of description.
      for (const nonce of ["0".repeat(32), ""]) ada.room.brings("bob", { description: { type: "rollback", sdp: `a=x-wigwag:proof ${nonce}\r\n` } });
      assert.equal(ada.rtc(), before);
      for (let second = 1; second <= 8; second += 1) {
        assert.equal(peer.closed, false);
        mock.timers.tick(1_000);
      }
      assert.equal(peer.closed, true);
      assert.notEqual(ada.rtc("bob"), before);
      assert.deepEqual(ada.of("adopted"), []);
    } finally {
      mock.timers.reset();
    }
  });

  it("is not given to a member that the other end names instead of itself", async () => {
    await connected();
    const before = ada.rtc();
    await ada.isReset("ada2", "eve");
    // bob claims to be eve: eve gets the proof that ada is who it is, and returns none.
    const nonce = "1".repeat(32);
    before.internal?.receive(JSON.stringify({ room: "demo", peer: "eve", nonce, reply: true }));
    await turns();
    assert.deepEqual(ada.signals(), [{ to: "eve", payload: { description: { type: "rollback", sdp: `a=x-wigwag:proof ${nonce}\r\n` } } }]);
    assert.deepEqual(ada.of("adopted"), []);
    // And garbage is ignored.
    for (const text of ["", "{", "null", "[]", "{}", `{"peer":7,"nonce":"${nonce}","room":"demo"}`, `{"peer":"eve","nonce":"x","room":"demo"}`]) {
      before.internal?.receive(text);
    }
    await turns();
    assert.deepEqual(ada.signals(), []);
  });

  it("is not kept when its other end does not know how to come back", async () => {
    await connected();
    // As another client, which has no such channel: nothing was received on it.
    ada.rtc().internal?.close();
    const cleo = "cleo";
    ada.room.joins(cleo);
    ada.room.brings(cleo, { description: { type: "offer", sdp: "v=0\r\no=- 9 1 IN IP4 0.0.0.0\r\na=ice-ufrag:u9\r\nm=application 9\r\n" } });
    await turns();
    ada.rtc(cleo).becomes("connected");
    ada.room.leaves(cleo, "EXPIRED");
    assert.equal(ada.mesh.peers.has(cleo), false);
    ada.room.leaves("bob", "EXPIRED");
    assert.equal(ada.mesh.peers.size, 0);
  });

  it("does not delay a member that offers another one", async () => {
    await connected();
    await ada.isReset("ada2");
    ada.room.joins("cleo");
    assert.equal(ada.mesh.peers.has("cleo"), false);
    ada.room.brings("cleo", { description: { type: "offer", sdp: "v=0\r\no=- 9 1 IN IP4 0.0.0.0\r\na=ice-ufrag:u9\r\nm=application 9\r\n" } });
    await turns();
    assert.equal(ada.mesh.peers.has("cleo"), true);
    assert.deepEqual(ada.room.descriptions.map(({ type }) => type), ["answer"]);
    assert.deepEqual(ada.of("peer").map(({ peer }) => peer.id), ["cleo"]);
  });

  it("repeats an offer that was lost with the session", async () => {
    await connected();
    const before = { ada: ada.rtc(), bob: bob.rtc() };
    await Promise.all([ada.isReset("ada2"), bob.isReset("bob2")]);
    // A track added meanwhile, for instance.
    before.ada.restartIce();
    await until(() => before.ada.signalingState === "have-local-offer");
    for (const [side, other] of [[ada, "bob2"], [bob, "ada2"]] as const) side.room.joins(other);
    await carry(ada, bob);
    continues(before);
    assert.deepEqual([ada.offers(), before.ada.signalingState, before.bob.signalingState], [1, "stable", "stable"]);
  });
});

describe("peers that are not in the room", () => {
  it("are kept for a minute, and while they are interrupted for five seconds", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const over: unknown[] = [];
      const kept = new KeptPeers((peer) => over.push(peer));
      const make = () => Object.assign(new Emitter<PeerEvent>(), { keep: () => undefined }) as unknown as Peer & Emitter<PeerEvent>;
      const [one, two, three] = [make(), make(), make()];
      for (const peer of [one, two, three]) kept.add(peer);
      const becomes = (peer: Emitter<PeerEvent>, state: RTCPeerConnectionState) => peer.emit({ type: "state", state, before: "connected" });
      becomes(two, "disconnected");
      mock.timers.tick(4_999);
      becomes(two, "connected");
      becomes(three, "disconnected");
      mock.timers.tick(5_000);
      assert.deepEqual(over, [three]);
      kept.release(two);
      mock.timers.tick(50_000);
      // Its minute began when it was lost first.
      kept.add(one);
      assert.deepEqual(over, [three]);
      mock.timers.tick(1_000);
      assert.deepEqual(over, [three, one]);
    } finally {
      mock.timers.reset();
    }
  });
});
