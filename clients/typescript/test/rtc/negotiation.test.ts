import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Peer } from "../../src/rtc/index.js";
import { FakeConnection, fakeConstructor } from "./fake-rtc.js";
import { FakeRoom, FakeSession, member, timersOfZero, turns, until } from "./fake-room.js";

/** One peer: ada is impolite, bob polite. */
class End {
  readonly room: FakeRoom;
  readonly session: FakeSession;
  peer: Peer;
  delivered = 0;

  constructor(
    readonly id: string,
    readonly other: string,
    first: boolean,
  ) {
    this.room = new FakeRoom(id, other);
    this.session = new FakeSession(id, () => this.room);
    this.peer = this.call(first);
  }

  /** Creates a connection, replacing the previous one. */
  call(first: boolean): Peer {
    this.peer?.close();
    this.peer = new Peer(this.session.real, this.room.real, this.other, { first, RTCPeerConnection: fakeConstructor });
    this.peer.on("error", ({ error }) => this.errors.push(error));
    return this.peer;
  }

  readonly errors: unknown[] = [];

  get rtc(): FakeConnection {
    return this.peer.rtc as unknown as FakeConnection;
  }
}

/** Delivers what one peer sent to the other; with `lose`, that many first signals are lost. */
async function deliver(from: End, to: End, { lose = 0 } = {}): Promise<void> {
  await turns();
  const signals = from.room.sent.slice(from.delivered);
  from.delivered += signals.length;
  for (const { payload } of signals.slice(lose)) to.room.brings(from.id, payload);
  await turns();
}

/** Delivers until neither peer has anything to send. */
async function settle(ada: End, bob: End): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    await deliver(ada, bob);
    await deliver(bob, ada);
    if (ada.room.sent.length === ada.delivered && bob.room.sent.length === bob.delivered) return;
  }
  assert.fail("they go on and on");
}

/** Checks that the current descriptions are an offer of one peer and the other's answer to it. */
function agree(ada: End, bob: End): void {
  for (const [one, two] of [[ada, bob], [bob, ada]] as const) {
    assert.equal(one.rtc.signalingState, "stable");
    assert.equal(one.rtc.remoteDescription?.sdp, two.rtc.localDescription?.sdp);
  }
  assert.deepEqual([ada.errors, bob.errors], [[], []]);
}

const types = (end: End) => end.room.descriptions.map(({ type }) => type);

describe("negotiation", () => {
  let ada: End;
  let bob: End;

  function meet({ ada: first, bob: second }: { ada: boolean; bob: boolean }): void {
    [ada, bob] = [new End("ada", "bob", first), new End("bob", "ada", second)];
  }

  beforeEach(() => void FakeConnection.all.splice(0));
  afterEach(() => [ada, bob].forEach(({ peer }) => peer.close()));

  it("is one offer and one answer when one peer was there first, although both open a channel", async () => {
    meet({ ada: false, bob: true });
    for (const { peer } of [ada, bob]) peer.channel("chat");
    await turns();
    assert.deepEqual(types(ada), []);
    await settle(ada, bob);
    agree(ada, bob);
    assert.deepEqual([types(bob)[0], types(ada)[0]], ["offer", "answer"]);
  });

  it("is started by the peer that joined later, even with nothing to send", async () => {
    meet({ ada: false, bob: true });
    await until(() => types(bob).length > 0);
    await settle(ada, bob);
    agree(ada, bob);
  });

  it("completes when both offer at once", async () => {
    meet({ ada: true, bob: true });
    for (const { peer } of [ada, bob]) peer.channel("chat");
    await turns();
    assert.deepEqual([types(ada), types(bob)], [["offer"], ["offer"]]);
    await settle(ada, bob);
    agree(ada, bob);
  });

  it("completes when the polite peer was not there yet when the other one offered", async () => {
    meet({ ada: true, bob: false });
    ada.peer.channel("chat");
    await turns();
    ada.delivered = ada.room.sent.length;
    bob.call(true).channel("chat");
    await settle(ada, bob);
    agree(ada, bob);
  });

  it("completes when the answer was lost and reported as undeliverable", async () => {
    meet({ ada: true, bob: false });
    ada.peer.channel("chat");
    await deliver(ada, bob);
    await deliver(bob, ada, { lose: 1 });
    assert.equal(ada.rtc.signalingState, "have-local-offer");
    bob.room.emit({ type: "undeliverable", to: "ada", error: undefined as never });
    // As recovery does a little later.
    bob.rtc.restartIce();
    await settle(ada, bob);
    agree(ada, bob);
  });

  it("applies a repeated offer once", async () => {
    meet({ ada: true, bob: false });
    ada.peer.channel("chat");
    await turns();
    const [offer] = ada.room.sent;
    await settle(ada, bob);
    bob.room.brings("ada", offer!.payload);
    await settle(ada, bob);
    assert.deepEqual(types(bob), ["answer"]);
  });

  it("follows a peer that replaces its connection", async () => {
    meet({ ada: true, bob: false });
    const mine = bob.peer.channel("chat");
    ada.peer.channel("chat");
    await settle(ada, bob);
    const before = bob.rtc;
    ada.call(true).channel("chat");
    await settle(ada, bob);
    agree(ada, bob);
    assert.notEqual(bob.rtc, before);
    assert.equal(before.signalingState, "closed");
    assert.equal(mine.closed, false);
    assert.equal(bob.rtc.channels[0]?.label, "chat");
  });

  it("is not confused by offers, answers and candidates of an earlier connection", async () => {
    meet({ ada: true, bob: true });
    ada.peer.channel("chat");
    ada.rtc.gathers("stale");
    await turns();
    const stale = ada.room.sent.slice();
    // Ada connects again before anything arrived, and then all of it arrives.
    ada.call(true).channel("chat");
    await turns();
    assert.ok(ada.room.sent.length > stale.length);
    ada.rtc.gathers("fresh");
    await settle(ada, bob);
    agree(ada, bob);
    assert.deepEqual(bob.rtc.candidates.map(({ candidate }) => candidate), ["fresh"]);
  });

  it("keeps candidates that arrive before their description, and the end of candidates", async () => {
    meet({ ada: true, bob: false });
    ada.peer.channel("chat");
    ada.rtc.gathers("early");
    ada.rtc.gathers("");
    await turns();
    const [one, two, three] = ada.room.sent;
    assert.ok("candidate" in one!.payload && "candidate" in two!.payload && "description" in three!.payload);
    ada.rtc.gathers(null);
    await deliver(ada, bob);
    assert.deepEqual(bob.rtc.candidates.map(({ candidate }) => candidate), ["early", "", ""]);
  });

  it("reports a description that the browser refuses, and replaces the connection", async () => {
    meet({ ada: true, bob: false });
    const before = ada.rtc;
    ada.room.brings("bob", { description: { type: "offer", sdp: "v=0\r\no=- 9 1 IN IP4 0\r\nBAD" } });
    await turns();
    assert.equal(ada.errors.length, 1);
    await until(() => ada.rtc !== before);
  });

  it("works with a client that writes no tags, also in a collision", async () => {
    meet({ ada: true, bob: false });
    ada.peer.channel("chat");
    await turns();
    // An offer without a tag at the wrong time is ignored; an answer without one is applied.
    const foreign = (type: "offer" | "answer") => ({ description: { type, sdp: "v=0\r\no=- 77 1 IN IP4 0\r\na=ice-ufrag:f\r\nm=\r\n" } });
    ada.room.brings("bob", foreign("offer"));
    ada.room.brings("bob", foreign("answer"));
    await turns();
    assert.equal(ada.rtc.signalingState, "stable");
    ada.room.brings("bob", foreign("offer"));
    await turns();
    assert.equal(ada.rtc.remoteDescription?.type, "offer");
    assert.equal(types(ada).at(-1), "answer");
    assert.deepEqual(ada.errors, []);
  });

  it("uses the session's ICE servers, and updates them", async () => {
    meet({ ada: true, bob: false });
    const [early, late] = [[{ urls: ["stun:one"] }], [{ urls: ["turn:two"], username: "u", credential: "c" }]];
    ada.session.iceServers = early;
    const own = { urls: "stun:own" };
    const options = { RTCPeerConnection: fakeConstructor, configuration: { iceServers: [own], bundlePolicy: "max-bundle" as const } };
    ada.peer.close();
    ada.peer = new Peer(ada.session.real, ada.room.real, "bob", options);
    assert.deepEqual(ada.rtc.configuration, { bundlePolicy: "max-bundle", iceServers: [...early, own] });
    ada.session.iceServers = late;
    ada.session.emit({ type: "ice-servers", iceServers: late });
    assert.deepEqual(ada.rtc.configuration.iceServers, [...late, own]);
    ada.session.iceServers = early;
    ada.session.emit({ type: "resumed" });
    assert.deepEqual(ada.rtc.configuration.iceServers, [...early, own]);
  });

  it("restarts ICE when the session was resumed and the connection did not survive, not when it did", async () => {
    meet({ ada: true, bob: false });
    ada.peer.channel("chat");
    await settle(ada, bob);
    ada.rtc.becomes("connected");
    ada.session.emit({ type: "resumed" });
    await timersOfZero();
    assert.equal(ada.rtc.restarts, 0);
    ada.session.state = "reconnecting";
    ada.rtc.becomes("failed");
    await timersOfZero();
    assert.equal(ada.rtc.restarts, 0);
    ada.session.state = "connected";
    ada.session.emit({ type: "resumed" });
    await until(() => ada.rtc.restarts === 1);
    await settle(ada, bob);
    agree(ada, bob);
  });

  it("waits for a member that is reconnecting itself", async () => {
    meet({ ada: true, bob: false });
    ada.room.emit({ type: "updated", member: member("bob", "reconnecting"), before: member("bob") });
    ada.rtc.becomes("failed");
    await timersOfZero();
    assert.equal(ada.rtc.restarts, 0);
    ada.room.emit({ type: "updated", member: member("bob"), before: member("bob", "reconnecting") });
    await until(() => ada.rtc.restarts === 1);
  });

  it("ends when the member leaves, and removes its listeners", async () => {
    meet({ ada: true, bob: false });
    const reported: string[] = [];
    ada.peer.on("state", ({ state }) => reported.push(state));
    ada.peer.on("closed", () => reported.push("over"));
    const channel = ada.peer.channel("chat");
    channel.on("close", ({ final }) => reported.push(`channel ${final}`));
    ada.room.leaves("bob");
    assert.deepEqual(reported, ["channel true", "closed", "over"]);
    assert.equal(ada.rtc.signalingState, "closed");
    ada.room.brings("bob", { description: { type: "offer", sdp: "BAD" } });
    await turns();
    assert.deepEqual(ada.errors, []);
    assert.throws(() => ada.peer.channel("more").send("x"), { reason: "CLOSED" });
  });
});
