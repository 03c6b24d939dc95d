// What clients of the compatibility protocols see of peers on other transports, apart from calls.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { io } from "socket.io-client";

import { Inbox } from "../lib/inbox.mjs";
import { callRoomService, openGrpc } from "../lib/native.mjs";
import { startServer } from "../lib/server.mjs";
import { openSocket } from "../lib/socket.mjs";

let server;
// Without direct messages, a client outside a room reaches only clients of the same protocol.
before(async () => (server = await startServer("session.direct_messages=false")));
after(() => server.stop());

const roomsWs = (room, user) => openSocket(`ws://${server.host}/?roomId=${room}&userId=${user}&userName=${user}`);
const plainJson = (room) => openSocket(`ws://${server.host}/json/${room}`);

async function connector() {
  const client = await openSocket(`ws://${server.host}/connector`);
  client.titled = (title) => client.inbox.take((message) => message.title === title, title);
  client.id = (await client.titled("client_details")).data.id;
  return client;
}

async function socketIo() {
  const socket = io(`http://${server.host}`, { forceNew: true, reconnection: false });
  const inbox = new Inbox();
  socket.onAny((event, data) => inbox.put({ event, data }));
  const next = async (event) => (await inbox.take((message) => message.event === event, event)).data;
  return { socket, next, id: await next("your_id"), close: () => socket.close() };
}

test("a connector client calls a peer that it shares a room with", async () => {
  const client = await connector();
  client.send({ type: "create_room", data: { room: "shared" } });
  await client.titled("room_created");
  const peer = await openGrpc(server.host);
  const joined = await peer.join("shared");
  assert.deepEqual(joined.members.map(({ peerId }) => peerId), [client.id]);
  assert.deepEqual((await client.titled("client_added")).data.clients, [client.id, peer.peerId]);

  client.send({ type: "offer", to: peer.peerId, data: { type: "offer", sdp: "v=0" } });
  const envelope = await peer.envelope(client.id);
  assert.equal(envelope.room, "shared");
  assert.deepEqual(envelope.description, { type: "offer", sdp: "v=0" });
  client.send({ type: "connect", to: peer.peerId, data: { sdp: "v=0 connect", candidate: "candidate:1" } });
  assert.equal((await peer.envelope(client.id)).description.sdp, "v=0 connect");
  assert.equal((await peer.envelope(client.id)).candidate.candidate, "candidate:1");
  client.send({ type: "message", to: peer.peerId, data: { any: "thing" } });
  assert.equal((await peer.envelope(client.id)).message.text, '{"any":"thing"}');
  client.send({ type: "offer", to: peer.peerId, data: "no object, but an SDP" });
  assert.equal((await peer.envelope(client.id)).description.sdp, "no object, but an SDP");
  client.send({ type: "answer", to: peer.peerId, data: { other: 1 } });
  assert.equal((await client.next("error")).data.reason, "INVALID_FIELD");

  // Descriptions arrive in the form in which the client last sent one.
  peer.request({ envelope: { room: "shared", to: client.id, description: { type: "answer", sdp: "v=0 back" } } });
  assert.deepEqual(await client.next("answer"), { type: "answer", from: peer.peerId, data: "v=0 back" });
  peer.request({ envelope: { room: "shared", message: { text: "to all" } } });
  assert.deepEqual(await client.next("message"), { type: "message", from: peer.peerId, data: "to all" });

  client.send({ type: "leave_room", data: { room: "shared" } });
  await client.titled("room_left");
  client.send({ type: "offer", to: peer.peerId, data: "v=0" });
  assert.equal((await client.next("error")).data.reason, "FORBIDDEN");
  peer.close();
  await client.close();
});

test("without direct messages, peers on other transports cannot be reached from outside a room", async () => {
  const [client, sio, ws] = [await connector(), await socketIo(), await roomsWs("lonely", "ada")];
  await ws.next("participants");
  const peer = await openGrpc(server.host);
  sio.socket.emit("offer_sdp", { target: peer.peerId, sdp: "v=0" });
  assert.equal((await sio.next("error")).reason, "FORBIDDEN");
  sio.socket.emit("offer_sdp", { target: client.id, sdp: "v=0" });
  assert.equal((await sio.next("error")).reason, "FORBIDDEN");
  ws.send({ type: "offer", targetUserId: peer.peerId, sdp: "v=0" });
  assert.equal((await ws.next("error")).reason, "PEER_NOT_FOUND");
  peer.request({ seq: 5, envelope: { to: sio.id, description: { type: "offer", sdp: "v=0" } } });
  assert.equal((await peer.next("error")).error.reason, "FORBIDDEN");
  peer.close();
  sio.close();
  await Promise.all([client.close(), ws.close()]);
});

test("application data and a backend's envelopes reach clients of the compatibility protocols", async () => {
  const [ws, json] = [await roomsWs("data", "ada"), await plainJson("data")];
  await ws.next("participants");
  const me = (await json.next("welcome")).id;
  const peer = await openGrpc(server.host);
  await peer.join("data");
  const payloads = [
    [{ message: { text: "hello" } }, { text: "hello" }],
    [{ message: { binary: Buffer.from([0, 255]) } }, { binary: "AP8=" }],
    [{ sealed: Buffer.from("secret") }, { sealed: "c2VjcmV0" }],
  ];
  for (const [payload, seen] of payloads) {
    peer.request({ envelope: { room: "data", ...payload } });
    assert.deepEqual(await ws.next("message"), { type: "message", fromUserId: peer.peerId, ...seen });
    assert.deepEqual(await json.next("message"), { type: "message", from: peer.peerId, ...seen });
  }
  await callRoomService(server.host, "SendToRoom", { envelope: { room: "data", message: { text: "from the backend" } } });
  assert.deepEqual(await ws.next("message"), { type: "message", fromUserId: "", text: "from the backend" });
  assert.equal((await json.next("message")).text, "from the backend");

  ws.send({ type: "message", targetUserId: peer.peerId, text: "hi" });
  assert.equal((await peer.envelope("rooms-ws:data:ada")).message.text, "hi");
  json.send({ type: "message", to: "rooms-ws:data:ada", text: "hi too" });
  assert.deepEqual(await ws.next("message"), { type: "message", fromUserId: me, text: "hi too" });
  peer.close();
  await Promise.all([ws.close(), json.close()]);
});

test("a member removed by a backend gets an error, and its socket is closed", async () => {
  const [ada, bob] = [await roomsWs("kick", "ada"), await plainJson("kick")];
  await ada.next("participants");
  const { id } = await bob.next("welcome");
  await callRoomService(server.host, "RemoveMember", { room: "kick", peerId: id });
  assert.equal((await bob.next("error")).reason, "REMOVED");
  assert.deepEqual(await bob.closed, { code: 4503, reason: "REMOVED" });
  await callRoomService(server.host, "RemoveMember", { room: "kick", peerId: "rooms-ws:kick:ada", ban: true });
  assert.equal((await ada.next("error")).reason, "BANNED");
  await ada.closed;
});

test("the end of a room is reported", async () => {
  const ada = await roomsWs("ended", "ada");
  await ada.next("participants");
  const client = await connector();
  client.send({ type: "join_room", data: { room: "ended" } });
  await client.titled("client_added");
  await callRoomService(server.host, "EndRoom", { room: "ended" });
  assert.equal((await ada.next("error")).reason, "ENDED");
  assert.equal((await ada.closed).code, 4505);
  const deleted = await client.titled("room_deleted");
  assert.deepEqual(deleted.data.clients, ["rooms-ws:ended:ada", client.id]);
  await client.close();
});

test("a full room and a missing room are reported", async () => {
  await callRoomService(server.host, "CreateRoom", { room: "small", maxMembers: 1 });
  const ada = await roomsWs("small", "ada");
  await ada.next("participants");
  const bob = await roomsWs("small", "bob");
  assert.equal((await bob.next("error")).reason, "ROOM_FULL");
  await bob.closed;
  const client = await connector();
  client.send({ type: "join_room", data: { room: "small" } });
  assert.equal((await client.next("error")).data.reason, "ROOM_FULL");
  await Promise.all([client.close(), ada.close()]);

  const strict = await startServer("rooms.auto_create=false");
  const eve = await openSocket(`ws://${strict.host}/json/nowhere`);
  assert.equal((await eve.next("error")).reason, "ROOM_NOT_FOUND");
  await eve.closed;
  await strict.stop();
});
