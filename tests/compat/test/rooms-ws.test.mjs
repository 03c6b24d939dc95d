import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";

import WebSocket from "ws";

import { endsBrokenConnections, survivesBadInput } from "../lib/bad-input.mjs";
import { openWebSocketJson } from "../lib/native.mjs";
import { startServer } from "../lib/server.mjs";
import { openSocket } from "../lib/socket.mjs";

let server;
before(async () => (server = await startServer()));
after(() => server.stop());

const url = (roomId, userId, userName = userId) => {
  const query = new URLSearchParams({ roomId, userId, userName });
  return `ws://${server.host}/?${query}`;
};
const enter = (...who) => openSocket(url(...who));
const reasonOf = (message) => (message.type === "error" ? message.reason : undefined);

test("two participants find each other and exchange signals unchanged", async () => {
  const ada = await enter("call", "ada", "Ada L.");
  assert.deepEqual((await ada.next("participants")).participants, []);
  const bob = await enter("call", "bob", "Bob");
  const { participants, roomId } = await bob.next("participants");
  assert.equal(roomId, "call");
  assert.deepEqual(participants.map(({ id, name }) => ({ id, name })), [{ id: "ada", name: "Ada L." }]);
  const isNow = (at) => assert.ok(Number.isInteger(at) && Math.abs(at - Date.now()) < 60_000, `${at} in milliseconds`);
  isNow(participants[0].joinedAt);
  const joined = await ada.next("participant-joined");
  isNow(joined.participant.joinedAt);
  assert.equal(joined.userId, "bob");
  assert.equal(joined.participant.name, "Bob");

  const sdp = { type: "offer", sdp: "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n" };
  bob.send({ type: "offer", targetUserId: "ada", sdp, extra: { kept: [1, 2.5, null, "é😀"] } });
  assert.deepEqual(await ada.next("offer"), {
    type: "offer", fromUserId: "bob", sdp, extra: { kept: [1, 2.5, null, "é😀"] },
  });
  ada.send({ type: "answer", targetUserId: "bob", sdp: "v=0 as text" });
  assert.deepEqual(await bob.next("answer"), { type: "answer", fromUserId: "ada", sdp: "v=0 as text" });
  const candidate = { candidate: "candidate:1 1 udp 1 a.local 9 typ host", sdpMid: "0", sdpMLineIndex: 0 };
  ada.send({ type: "ice-candidate", targetUserId: "bob", candidate });
  assert.deepEqual(await bob.next("ice-candidate"), { type: "ice-candidate", fromUserId: "ada", candidate });
  ada.send({ type: "ice-candidate", targetUserId: "bob", candidate: null });
  assert.deepEqual(await bob.next("ice-candidate"), { type: "ice-candidate", fromUserId: "ada", candidate: null });

  await bob.close();
  const left = await ada.next("participant-left");
  assert.deepEqual([left.userId, left.reason], ["bob", "LEFT"]);
  const eve = await enter("call", "eve");
  await eve.next("participants");
  eve.socket.terminate();
  assert.equal((await ada.next("participant-left")).reason, "CONNECTION_LOST");
  await ada.close();
});

test("messages of the application's own types are relayed, and those of the server's are not", async () => {
  const [ada, bob] = [await enter("own", "ada"), await enter("own", "bob")];
  await bob.next("participants");
  for (const message of [{ type: "hangup" }, { type: "renegotiate", id: 1.5 }, { type: "pranswer", sdp: "v=0" }, { type: "ice-candidates", list: [] }]) {
    bob.send({ ...message, targetUserId: "ada" });
    assert.deepEqual(await ada.next(message.type), { ...message, fromUserId: "bob" });
  }
  const peer = await openWebSocketJson(server.host);
  await peer.join("own");
  bob.send({ type: "pranswer", sdp: "v=0", targetUserId: peer.peerId });
  assert.deepEqual((await peer.envelope("rooms-ws:own:bob")).description, { type: "pranswer", sdp: "v=0" });
  for (const [type, targetUserId, reason] of [
    ["hangup", peer.peerId, "UNKNOWN_FRAME"], ["hangup", "nobody", "PEER_NOT_FOUND"], ["participants", "ada", "UNKNOWN_FRAME"],
    ["participant-joined", "ada", "UNKNOWN_FRAME"], ["participant-left", "ada", "UNKNOWN_FRAME"], ["error", "ada", "UNKNOWN_FRAME"],
  ]) {
    bob.send({ type, targetUserId });
    assert.equal((await bob.next("error")).reason, reason, `${type} to ${targetUserId}`);
  }
  peer.close();
  await Promise.all([ada.close(), bob.close()]);
});

test("many candidates arrive in order", async () => {
  const [ada, bob] = [await enter("order", "ada"), await enter("order", "bob")];
  await bob.next("participants");
  for (let i = 0; i < 500; i += 1) {
    bob.send({ type: "ice-candidate", targetUserId: "ada", candidate: { candidate: `candidate:${i}` } });
  }
  for (let i = 0; i < 500; i += 1) {
    assert.equal((await ada.next("ice-candidate")).candidate.candidate, `candidate:${i}`);
  }
  await Promise.all([ada.close(), bob.close()]);
});

test("/health and /rooms show the room with user ids", async () => {
  const ada = await enter("shown", "ada", "Ada");
  await ada.next("participants");
  const { rooms } = await server.json("/rooms");
  const room = rooms.find(({ roomId }) => roomId === "shown");
  assert.equal(room.participantCount, 1);
  assert.deepEqual(room.participants.map(({ id, name }) => ({ id, name })), [{ id: "ada", name: "Ada" }]);
  const health = await server.json("/health");
  assert.equal(health.status, "ok");
  assert.ok(health.roomDetails.some(({ roomId }) => roomId === "shown"));
  await ada.close();
});

test("without an upgrade the page is served", async () => {
  const page = await fetch(`http://${server.host}/?roomId=r&userId=u&userName=n`);
  assert.equal(page.status, 200);
  assert.match(page.headers.get("content-type"), /^text\/html/);
});

test("missing parameters are named", async () => {
  for (const missing of ["roomId", "userId", "userName"]) {
    for (const empty of [false, true]) {
      const query = new URLSearchParams({ roomId: "r", userId: "u", userName: "n" });
      query.delete(missing);
      if (empty) query.set(missing, "");
      const socket = await openSocket(`ws://${server.host}/?${query}`);
      const error = await socket.next("error");
      assert.equal(error.reason, "INVALID_FIELD");
      assert.match(error.message, new RegExp(`${missing} is missing`));
      assert.ok(error.hint.includes("roomId="));
      assert.deepEqual(await socket.closed, { code: 4506, reason: "INVALID_FIELD" });
    }
  }
});

test("names that exceed the limits are refused", async () => {
  for (const [room, user] of [["r".repeat(129), "u"], ["r", "u".repeat(300)], ["r\u0007", "u"], ["r", "a\u0000"]]) {
    const socket = await openSocket(url(room, user, "n"));
    assert.equal((await socket.next("error")).reason, "INVALID_FIELD");
    await socket.closed;
  }
  const posing = await openSocket(url("r", "abcdefghijklmnopqrstuvwxyz"));
  assert.match((await posing.next("error")).message, /peer id/);
  await posing.closed;
});

test("a user who comes back takes the place of the connection that was lost", async () => {
  const watcher = await enter("taken", "bob");
  await watcher.next("participants");
  const first = await enter("taken", "ada");
  assert.equal((await first.next("participants")).replaced, false);
  await watcher.next("participant-joined");
  // Its network is gone: the server receives nothing, not even a close.
  first.socket._socket.pause();
  const second = await enter("taken", "ada");
  const { participants, replaced } = await second.next("participants");
  assert.equal(replaced, true);
  assert.deepEqual(participants.map(({ id }) => id), ["bob"]);
  const left = await watcher.next("participant-left");
  assert.deepEqual([left.userId, left.reason], ["ada", "REPLACED"]);
  assert.equal((await watcher.next("participant-joined")).userId, "ada");
  watcher.send({ type: "offer", targetUserId: "ada", sdp: "v=0" });
  assert.equal((await second.next("offer")).fromUserId, "bob");
  // The older one is told why, once its network is back.
  first.socket._socket.resume();
  assert.equal((await first.next("error")).reason, "REPLACED");
  assert.deepEqual(await first.closed, { code: 4504, reason: "REPLACED" });
  const elsewhere = await enter("taken-not", "ada");
  assert.equal((await elsewhere.next("participants")).replaced, false);
  await Promise.all([elsewhere.close(), watcher.close(), second.close()]);
});

test("ids that are not UTF-8 are refused", async () => {
  for (const [name, query] of [["roomId", "roomId=%FF&userId=u&userName=n"], ["userId", "roomId=r&userId=a%ED%A0%BD&userName=n"]]) {
    const socket = await openSocket(`ws://${server.host}/?${query}`);
    const error = await socket.next("error");
    assert.equal(error.reason, "INVALID_FIELD");
    assert.match(error.message, new RegExp(`${name} is not UTF-8`));
    await socket.closed;
  }
});

test("the first subprotocol that is offered is selected", async () => {
  const query = "roomId=offered&userId=u&userName=n";
  for (const path of [`/?${query}`, "/json/offered", "/connector", "/peerjs/peerjs?key=peerjs&id=offered&token=t", "/socket.io/?EIO=4&transport=websocket"]) {
    const socket = new WebSocket(`ws://${server.host}${path}`, ["json", "other"]);
    await once(socket, "open");
    assert.equal(socket.protocol, "json", path);
    socket.close();
    await once(socket, "close");
    const none = new WebSocket(`ws://${server.host}${path}`);
    await once(none, "open");
    assert.equal(none.protocol, "", path);
    none.terminate();
  }
});

test("absent targets and incomplete messages are reported", async () => {
  const [ada, bob] = [await enter("errors", "ada"), await enter("errors", "bob")];
  await bob.next("participants");
  const outsider = await enter("elsewhere", "eve");
  await outsider.next("participants");
  const cases = [
    [{ type: "offer", targetUserId: "eve", sdp: "v=0" }, "PEER_NOT_FOUND", /eve/],
    [{ type: "offer", targetUserId: "rooms-ws:elsewhere:eve", sdp: "v=0" }, "PEER_NOT_FOUND", /eve/],
    [{ type: "offer", targetUserId: "ada", sdp: "v=0" }, "INVALID_FIELD", /must not be the sender/],
    [{ type: "offer", sdp: "v=0" }, "INVALID_FIELD", /targetUserId is missing/],
    [{ type: "offer", targetUserId: ["bob"], sdp: "v=0" }, "INVALID_FIELD", /targetUserId is not text/],
    [{ type: "offer", targetUserId: "bob" }, "INVALID_FIELD", /sdp is missing/],
    [{ type: "answer", targetUserId: "bob", sdp: 7 }, "INVALID_FIELD", /sdp/],
    [{ type: "answer", targetUserId: "bob", sdp: { type: "offer", sdp: "v=0" } }, "INVALID_FIELD", /another type/],
    [{ type: "ice-candidate", targetUserId: "bob" }, "INVALID_FIELD", /candidate is missing/],
    [{ type: "ice-candidate", targetUserId: "bob", candidate: { sdpMLineIndex: "x" } }, "INVALID_FIELD", /sdpMLineIndex/],
  ];
  for (const [message, reason, text] of cases) {
    ada.send(message);
    const error = await ada.next("error");
    assert.equal(error.reason, reason, JSON.stringify(message));
    assert.match(error.message, text);
    assert.equal(typeof error.hint, "string");
  }
  ada.send({ type: "offer", targetUserId: "bob", sdp: "still here" });
  assert.equal((await bob.next("offer")).sdp, "still here");
  assert.deepEqual(outsider.inbox.rest(), []);
  await Promise.all([ada.close(), bob.close(), outsider.close()]);
});

test("bad input does not affect other clients", async () => {
  const [good, other] = [await enter("bad", "good"), await enter("bad", "other")];
  await other.next("participants");
  const bad = await enter("bad", "bad");
  await bad.next("participants");
  await survivesBadInput(bad, reasonOf, { type: "participant-left" });
  let n = 0;
  await endsBrokenConnections(() => enter("bad", `broken-${(n += 1)}`), reasonOf);
  good.send({ type: "offer", targetUserId: "bad", sdp: "v=0" });
  assert.equal((await bad.next("offer")).fromUserId, "good");
  await Promise.all([good.close(), other.close(), bad.close()]);
  assert.equal(server.log(), "");
});

test("a page of another origin is refused", async () => {
  await assert.rejects(openSocket(url("r", "u"), { origin: "https://example.com" }), /403/);
});
