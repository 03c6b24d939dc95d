// Peers on different transports and compatibility protocols: each calls each other one, and all signals arrive unchanged.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { io } from "socket.io-client";

import { Inbox } from "../lib/inbox.mjs";
import { openGrpc, openGrpcWeb, openWebSocket, openWebSocketJson } from "../lib/native.mjs";
import { startServer } from "../lib/server.mjs";
import { openSocket } from "../lib/socket.mjs";

const ROOM = "matrix";

let server, ends;
before(async () => {
  server = await startServer();
  ends = [];
  for (const open of [grpc, grpcWeb, webSocket, webSocketJson, roomsWs("ada"), roomsWs("bob"), plainJson, connector, socketIo, peerJs]) {
    ends.push(await open());
  }
});
after(async () => {
  for (const end of ends) end.close();
  await server.stop();
});

// An end has a peer id and a flag for membership of the room, and sends offers, answers and candidates to other ends.
// `receive` returns {kind, value}: the SDP's text, or the candidate's W3C dictionary.

/** A peer on one of the server's own transports: descriptions and candidates in envelopes. */
async function native(name, opened) {
  const peer = await opened;
  await peer.join(ROOM);
  return {
    name, peerId: peer.peerId, inRoom: true,
    send(to, kind, value) {
      const payload = kind === "candidate" ? { candidate: value } : { description: { type: kind, sdp: value } };
      peer.request({ envelope: { room: to.inRoom ? ROOM : "", to: to.peerId, ...payload } });
    },
    async receive(from) {
      const { description, candidate } = await peer.envelope(from.peerId);
      return description ? { kind: description.type, value: description.sdp } : { kind: "candidate", value: candidate };
    },
    close: () => peer.close(),
  };
}
const grpc = () => native("gRPC", openGrpc(server.host));
const grpcWeb = () => native("gRPC-Web", openGrpcWeb(server.host));
const webSocket = () => native("WebSocket", openWebSocket(server.host));
const webSocketJson = () => native("WebSocket in JSON", openWebSocketJson(server.host));

/** A client of rooms-ws or plain JSON: flat messages, whose names for candidates and for the recipient differ. */
function flat(socket, candidateType, toField, fromField, address) {
  return {
    send(to, kind, value) {
      const signal = kind === "candidate" ? { type: candidateType, candidate: value } : { type: kind, sdp: value };
      socket.send({ ...signal, [toField]: address(to) });
    },
    async receive(from) {
      const what = `a signal from ${from.name}`;
      const { type, sdp, candidate } = await socket.inbox.take((message) => message[fromField] === address(from), what);
      return type === candidateType ? { kind: "candidate", value: candidate } : { kind: type, value: sdp };
    },
    close: () => socket.close(),
  };
}

const roomsWs = (user) => async () => {
  const socket = await openSocket(`ws://${server.host}/?roomId=${ROOM}&userId=${user}&userName=${user}`);
  await socket.next("participants");
  const address = (end) => end.user ?? end.peerId;
  const rest = flat(socket, "ice-candidate", "targetUserId", "fromUserId", address);
  return { name: `rooms-ws ${user}`, user, peerId: `rooms-ws:${ROOM}:${user}`, inRoom: true, ...rest };
};

async function plainJson() {
  const socket = await openSocket(`ws://${server.host}/json/${ROOM}`);
  const { id } = await socket.next("welcome");
  const rest = flat(socket, "new-ice-candidate", "to", "from", (end) => end.peerId);
  return { name: "plain JSON", peerId: id, inRoom: true, ...rest };
}

/** The connector's client does not join the room: it is addressed directly. */
async function connector() {
  const socket = await openSocket(`ws://${server.host}/connector`);
  const { id } = (await socket.next("info")).data;
  return {
    name: "connector", peerId: id,
    send: (to, kind, value) =>
      socket.send({ type: kind, to: to.peerId, data: kind === "candidate" ? value : { type: kind, sdp: value } }),
    async receive(from) {
      const { type, data } = await socket.inbox.take((message) => message.from === from.peerId, `a signal from ${from.name}`);
      return { kind: type, value: type === "candidate" ? data : data.sdp };
    },
    close: () => socket.close(),
  };
}

async function socketIo() {
  const socket = io(`http://${server.host}`, { forceNew: true, reconnection: false });
  const inbox = new Inbox();
  socket.onAny((event, data) => inbox.put({ event, data }));
  const peerId = (await inbox.take(({ event }) => event === "your_id", "your_id")).data;
  return {
    name: "socket.io", peerId,
    send(to, kind, value) {
      if (kind === "candidate") socket.emit("send_ice", { target: to.peerId, candidate: value });
      else socket.emit(`${kind}_sdp`, { target: to.peerId, sdp: value });
    },
    async receive(from) {
      const { event, data } = await inbox.take(({ data }) => data?.sender === from.peerId, `a signal from ${from.name}`);
      if (event !== "send_ice") return { kind: event.replace("_sdp", ""), value: data.sdp };
      // Until it has sent a candidate itself, it gets the candidate's line with the other fields beside it.
      const { candidate, sdpMid, sdpMLineIndex, usernameFragment } = data;
      const whole = JSON.parse(JSON.stringify({ candidate, sdpMid, sdpMLineIndex, usernameFragment }));
      return { kind: "candidate", value: typeof candidate === "string" ? whole : candidate };
    },
    close: () => socket.close(),
  };
}

async function peerJs() {
  const socket = await openSocket(`ws://${server.host}/peerjs/peerjs?key=peerjs&id=eve&token=t`);
  await socket.next("OPEN");
  const address = (end) => end.peerId.replace("peerjs:peerjs:", "");
  return {
    name: "PeerJS", peerId: "peerjs:peerjs:eve",
    send(to, kind, value) {
      const signal = kind === "candidate" ? { candidate: value } : { sdp: { type: kind, sdp: value } };
      const payload = { ...signal, type: "data", connectionId: "dc_1" };
      socket.send({ type: kind.toUpperCase(), dst: address(to), payload });
    },
    async receive(from) {
      const { type, payload } = await socket.inbox.take((message) => message.src === address(from), `a signal from ${from.name}`);
      assert.ok(payload.connectionId, `${type} from ${from.name} belongs to a connection`);
      return { kind: type.toLowerCase(), value: type === "CANDIDATE" ? payload.candidate : payload.sdp.sdp };
    },
    close: () => socket.close(),
  };
}

test("every ordered pair exchanges offer, answer and candidate unchanged", async () => {
  let pairs = 0;
  for (const caller of ends) {
    for (const callee of ends) {
      if (caller === callee) continue;
      const what = `${caller.name} to ${callee.name}`;
      // As long as those of a call with many tracks.
      const long = `a=x-long:${"0123456789".repeat(3_000)}\r\n`;
      const sdp = (kind) => `v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=${kind} of ${what} é😀\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n${kind === "offer" ? long : ""}`;
      const candidate = {
        candidate: `candidate:1 1 udp 2122260223 example.local 9 typ host generation 0 ${pairs}`,
        sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "uf/+",
      };
      caller.send(callee, "offer", sdp("offer"));
      assert.deepEqual(await callee.receive(caller), { kind: "offer", value: sdp("offer") }, what);
      callee.send(caller, "answer", sdp("answer"));
      assert.deepEqual(await caller.receive(callee), { kind: "answer", value: sdp("answer") }, what);
      caller.send(callee, "candidate", candidate);
      assert.deepEqual(await callee.receive(caller), { kind: "candidate", value: candidate }, what);
      // The end of candidates.
      callee.send(caller, "candidate", { candidate: "" });
      assert.deepEqual(await caller.receive(callee), { kind: "candidate", value: { candidate: "" } }, what);
      pairs += 1;
    }
  }
  assert.equal(pairs, 90);
});

test("a plain JSON client and a gRPC peer, alone in a room, need no addresses", async () => {
  const room = "two";
  const json = await openSocket(`ws://${server.host}/json/${room}`);
  const { id } = await json.next("welcome");
  const peer = await openGrpc(server.host);
  await peer.join(room);
  await json.next("peer-joined");
  const candidate = { candidate: "candidate:1 1 udp 1 é😀 9 typ host", sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "u" };
  json.send({ type: "offer", sdp: "v=0\r\ns=é😀\r\n" });
  assert.deepEqual((await peer.envelope(id)).description, { type: "offer", sdp: "v=0\r\ns=é😀\r\n" });
  peer.request({ envelope: { room, description: { type: "answer", sdp: "v=0\r\ns=back\r\n" } } });
  assert.deepEqual(await json.next("answer"), { type: "answer", from: peer.peerId, sdp: "v=0\r\ns=back\r\n" });
  for (const signal of [candidate, { candidate: "" }]) {
    json.send({ type: "new-ice-candidate", candidate: signal });
    assert.deepEqual((await peer.envelope(id)).candidate, signal);
    peer.request({ envelope: { room, candidate: signal } });
    assert.deepEqual(await json.next("new-ice-candidate"), { type: "new-ice-candidate", from: peer.peerId, candidate: signal });
  }
  // The other way around: the peer offers.
  peer.request({ envelope: { room, description: { type: "offer", sdp: "v=0 offer" } } });
  assert.equal((await json.next("offer")).sdp, "v=0 offer");
  json.send({ type: "answer", sdp: "v=0 answer" });
  assert.equal((await peer.envelope(id)).description.sdp, "v=0 answer");
  peer.close();
  await json.close();
});

test("all members see each other in the room, by the ids they are addressed with", async () => {
  const { rooms } = await server.json("/rooms");
  const room = rooms.find(({ roomId }) => roomId === ROOM);
  const shown = room.participants.map(({ id }) => id);
  const expected = ends.filter(({ inRoom }) => inRoom).map(({ user, peerId }) => user ?? peerId);
  assert.deepEqual(shown, expected);
});
