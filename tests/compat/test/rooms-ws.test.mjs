import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { endsBrokenConnections, survivesBadInput } from "../lib/bad-input.mjs";
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
  assert.ok(Date.parse(participants[0].joinedAt) > Date.now() - 60_000);
  const joined = await ada.next("participant-joined");
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
  assert.equal((await ada.next("participant-left")).userId, "bob");
  await ada.close();
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

test("a user id is unique in a room, and free again afterwards", async () => {
  const first = await enter("taken", "ada");
  await first.next("participants");
  const second = await enter("taken", "ada");
  const error = await second.next("error");
  assert.equal(error.reason, "PEER_ID_TAKEN");
  assert.match(error.message, /userId/);
  assert.deepEqual(await second.closed, { code: 4504, reason: "PEER_ID_TAKEN" });
  const elsewhere = await enter("taken-not", "ada");
  await elsewhere.next("participants");

  await first.close();
  const watcher = await enter("taken", "bob");
  const { participants } = await watcher.next("participants");
  if (participants.length > 0) await watcher.next("participant-left");
  const again = await enter("taken", "ada");
  await again.next("participants");
  await Promise.all([elsewhere.close(), watcher.close(), again.close()]);
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
  await survivesBadInput(bad, reasonOf);
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
