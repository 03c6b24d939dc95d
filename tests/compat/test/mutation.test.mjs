// Thousands of damaged messages in every compatibility protocol: none of them may affect other clients. The damage comes
// from a fixed seed, so that a failure can be reproduced.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startServer } from "../lib/server.mjs";
import { openSocket } from "../lib/socket.mjs";

const MESSAGES = 2_000;
const SEED = 0x5eed;

let server;
before(async () => (server = await startServer()));
after(() => server.stop());

/** mulberry32: returns a generator of numbers from 0 to 1. */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const VALUES = [null, true, 0, -1, 1e308, "", "x", "connector:main:x", "peerjs:peerjs:x", "abcdefghijklmnopqrstuvwxyz", [], {}, [[]], "\u0000", "é😀"];

/** Returns a damaged copy as text: a field is changed, removed or nested once more, or the text itself is cut or altered. */
function damage(message, next) {
  const pick = (list) => list[Math.floor(next() * list.length)];
  const copy = structuredClone(message);
  let target = copy;
  while (next() < 0.5) {
    const inner = Object.values(target).filter((value) => typeof value === "object" && value !== null);
    if (inner.length === 0) break;
    target = pick(inner);
  }
  const key = pick([...Object.keys(target), "type", "data", "to"]);
  if (next() < 0.3) delete target[key];
  else target[key] = next() < 0.2 ? structuredClone(copy) : pick(VALUES);
  const text = JSON.stringify(copy);
  if (next() > 0.2) return text;
  const at = Math.floor(next() * text.length);
  return next() < 0.5 ? text.slice(0, at) : text.slice(0, at) + pick(["{", "}", '"', "\\", ",", "\\ud800", "\u0000"]) + text.slice(at + 1);
}

const candidate = { candidate: "candidate:1", sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "u" };
const sdp = { type: "offer", sdp: "v=0\r\n" };

const protocols = [
  ["rooms-ws", (user) => `/?roomId=mutation&userId=${user}&userName=${user}`, [
    { type: "offer", targetUserId: "good", sdp }, { type: "answer", targetUserId: "good", sdp: "v=0" },
    { type: "ice-candidate", targetUserId: "good", candidate }, { type: "message", targetUserId: "good", text: "hi" },
  ]],
  ["plain JSON", () => "/json/mutation", [
    { type: "offer", to: "rooms-ws:mutation:good", sdp }, { type: "new-ice-candidate", candidate }, { type: "message", text: "hi" },
  ]],
  ["connector", () => "/connector", [
    { type: "connect", to: "rooms-ws:mutation:good", data: { sdp: "v=0", candidate: "c" } },
    { type: "create_room", data: { room: "m", name: "n" } }, { type: "join_room", data: { room: "mutation" } },
    { type: "leave_room", to: "x", data: { room: "m" } }, { type: "end_room", data: { room: "m" } },
    { type: "offer", to: "rooms-ws:mutation:good", data: sdp }, { type: "candidate", to: "connector:main:x", data: candidate },
  ]],
  ["PeerJS", (id) => `/peerjs/peerjs?key=peerjs&id=${id}&token=t`, [
    { type: "OFFER", dst: "rooms-ws:mutation:good", payload: { sdp, type: "data", connectionId: "dc_1" } },
    { type: "CANDIDATE", dst: "abcdefghijklmnopqrstuvwxyz", payload: { candidate, type: "data", connectionId: "dc_1" } },
    { type: "EXPIRE", dst: "x" }, { type: "HEARTBEAT" },
  ]],
];

for (const [name, path, messages] of protocols) {
  test(name, async () => {
    const next = random(SEED);
    const good = await openSocket(`ws://${server.host}/?roomId=mutation&userId=good&userName=good`);
    const other = await openSocket(`ws://${server.host}/?roomId=mutation&userId=other&userName=other`);
    await other.next("participants");
    let bad;
    let n = 0;
    for (let i = 0; i < MESSAGES; i += 1) {
      if (bad === undefined || bad.socket.readyState !== bad.socket.OPEN) bad = await openSocket(`ws://${server.host}${path(`bad-${(n += 1)}`)}`);
      bad.socket.send(damage(messages[i % messages.length], next));
    }
    other.send({ type: "offer", targetUserId: "good", sdp: `after ${name}` });
    assert.equal((await good.inbox.take(({ sdp }) => sdp === `after ${name}`, "an offer")).fromUserId, "other");
    // The server may have closed it, after a bye or because its room ended; if not, it is still served.
    if (bad.socket.readyState === bad.socket.OPEN) await bad.close();
    await Promise.all([good.close(), other.close()]);
    assert.equal(server.log(), "");
  });
}
