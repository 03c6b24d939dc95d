import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { endsBrokenConnections, survivesBadInput } from "../lib/bad-input.mjs";
import { startServer } from "../lib/server.mjs";
import { openSocket } from "../lib/socket.mjs";

let server;
before(async () => (server = await startServer()));
after(() => server.stop());

const enter = (room) => openSocket(`ws://${server.host}/json/${encodeURIComponent(room)}`);
const reasonOf = (message) => (message.type === "error" ? message.reason : undefined);

test("two clients of one path do not need names", async () => {
  const one = await enter("pair");
  const { id: first, peers } = await one.next("welcome");
  assert.deepEqual(peers, []);
  const two = await enter("pair");
  const welcome = await two.next("welcome");
  assert.equal(welcome.room, "pair");
  assert.deepEqual(welcome.peers, [first]);
  assert.equal((await one.next("peer-joined")).id, welcome.id);

  const offer = { type: "offer", sdp: { type: "offer", sdp: "v=0\r\n" }, name: "kept" };
  two.send(offer);
  assert.deepEqual(await one.next("offer"), { ...offer, from: welcome.id });
  one.send({ type: "answer", sdp: "v=0\r\n" });
  assert.deepEqual(await two.next("answer"), { type: "answer", sdp: "v=0\r\n", from: first });
  const candidate = { candidate: "candidate:1", sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "u" };
  one.send({ type: "new-ice-candidate", candidate });
  assert.deepEqual(await two.next("new-ice-candidate"), { type: "new-ice-candidate", candidate, from: first });
  one.send({ type: "new-ice-candidate", candidate: "candidate:2", sdpMid: "0", sdpMLineIndex: 0 });
  assert.equal((await two.next("new-ice-candidate")).candidate, "candidate:2");

  await one.close();
  assert.equal((await two.next("peer-left")).id, first);
  await two.close();
});

test("messages of the application's own types are relayed, and those of the server's are not", async () => {
  const [one, two] = [await enter("own"), await enter("own")];
  const [{ id: first }, { id: second }] = [await one.next("welcome"), await two.next("welcome")];
  await one.next("peer-joined");
  const sent = [
    { type: "hangup" }, { type: "renegotiate", reason: "é😀" }, { type: "pranswer", sdp: "v=0" }, { type: "pranswer", anything: 1 },
    { type: "candidate", candidate: "candidate:1" }, { type: "bye", to: first, data: [1, 2.5, null] },
  ];
  for (const { to, ...message } of sent) {
    two.send(to ? { to, ...message } : message);
    assert.deepEqual(await one.next(message.type), { ...message, from: second });
  }
  for (const type of ["welcome", "peer-joined", "peer-left", "error"]) {
    two.send({ type, to: first });
    assert.equal((await two.next("error")).reason, "UNKNOWN_FRAME", type);
  }
  // Half an emoji arrives as U+FFFD, and numbers as floats are those of candidates elsewhere.
  two.socket.send('{"type":"chat","text":"half: \\ud83d"}');
  assert.equal((await one.next("chat")).text, "half: \ufffd");
  two.socket.send('{"type":"new-ice-candidate","candidate":{"candidate":"c","sdpMLineIndex":1.0}}');
  assert.equal((await one.next("new-ice-candidate")).candidate.sdpMLineIndex, 1);
  await two.close();
  assert.deepEqual(await one.next("peer-left"), { type: "peer-left", id: second, reason: "LEFT" });
  await one.close();
});

test("the path names any room", async () => {
  for (const room of ["a/b", "größe 7", "r?oom", "%41"]) {
    const socket = await enter(room);
    assert.equal((await socket.next("welcome")).room, room);
    await socket.close();
  }
  const socket = await enter("r".repeat(129));
  assert.equal((await socket.next("error")).reason, "INVALID_FIELD");
  await socket.closed;
  const plain = await fetch(`http://${server.host}/json/room`);
  assert.equal(plain.status, 426);
  assert.equal((await plain.json()).error, "WEBSOCKET_REQUIRED");
});

test("with more than two clients, messages must name their recipient", async () => {
  const sockets = [];
  for (let i = 0; i < 3; i += 1) {
    const socket = await enter("three");
    socket.id = (await socket.next("welcome")).id;
    sockets.push(socket);
  }
  const [one, two, three] = sockets;
  await two.next("peer-joined");
  one.send({ type: "offer", sdp: "without a recipient" });
  const error = await one.next("error");
  assert.equal(error.reason, "INVALID_FIELD");
  assert.match(error.message, /to is missing/);
  one.send({ type: "offer", to: three.id, sdp: "for three" });
  assert.deepEqual(await three.next("offer"), { type: "offer", sdp: "for three", from: one.id });
  three.send({ type: "answer", to: one.id, sdp: "back" });
  assert.equal((await one.next("answer")).from, three.id);
  assert.equal(two.inbox.rest().filter(({ type }) => type === "offer").length, 0);
  await Promise.all(sockets.map((socket) => socket.close()));
});

test("an empty room and an absent peer are reported", async () => {
  const alone = await enter("alone");
  await alone.next("welcome");
  alone.send({ type: "offer", sdp: "v=0" });
  assert.equal((await alone.next("error")).reason, "PEER_NOT_FOUND");
  alone.send({ type: "offer", to: "nobody", sdp: "v=0" });
  const error = await alone.next("error");
  assert.equal(error.reason, "PEER_NOT_FOUND");
  assert.match(error.message, /nobody/);
  alone.send({ type: "new-ice-candidate", to: "nobody" });
  assert.match((await alone.next("error")).message, /candidate is missing/);
  await alone.close();
});

test("bad input does not affect other clients", async () => {
  const good = await enter("bad");
  await good.next("welcome");
  const bad = await enter("bad");
  await bad.next("welcome");
  await survivesBadInput(bad, reasonOf, { type: "peer-left" });
  await endsBrokenConnections(() => enter("bad too"), reasonOf);
  good.send({ type: "offer", sdp: "v=0" });
  assert.equal((await bad.next("offer")).sdp, "v=0");
  await Promise.all([good.close(), bad.close()]);
  assert.equal(server.log(), "");
});
