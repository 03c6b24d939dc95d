import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { endsBrokenConnections, survivesBadInput } from "../lib/bad-input.mjs";
import { startServer } from "../lib/server.mjs";
import { openSocket } from "../lib/socket.mjs";

let server;
// Clients of the connector may address each other even if the server does not allow direct messages.
before(async () => (server = await startServer("session.direct_messages=false")));
after(() => server.stop());

async function connect() {
  const client = await openSocket(`ws://${server.host}/connector`);
  client.titled = (title) => client.inbox.take((message) => message.title === title, title);
  client.id = (await client.titled("client_details")).data.id;
  return client;
}
const connectAll = (n) => Promise.all(Array.from({ length: n }, connect));
const reasonOf = (message) => (message.type === "error" ? message.data.reason : undefined);
const closeAll = (...clients) => Promise.all(clients.map((client) => client.close()));

test("every client gets its own id", async () => {
  const client = await openSocket(`ws://${server.host}/connector`);
  const details = await client.next("info");
  assert.equal(details.event, "client_details");
  assert.ok(details.data.id.length >= 26);
  assert.ok(Date.parse(details.timestamp));
  assert.match(details.message_id, /^[0-9a-f-]{36}$/);
  client.send({ type: "connect", data: {} });
  assert.equal((await client.next("info")).data.id, details.data.id);
  const other = await connect();
  assert.notEqual(other.id, details.data.id);
  await closeAll(client, other);
});

test("offer, answer, candidate and message reach a client unchanged", async () => {
  const [ada, bob] = await connectAll(2);
  const signals = [
    { type: "offer", data: { type: "offer", sdp: "v=0\r\n" } },
    { type: "offer", data: "an SDP as text" },
    { type: "answer", data: { anything: [1, { deep: true }] } },
    { type: "candidate", data: { candidate: "candidate:1", sdpMid: "0", sdpMLineIndex: 0 } },
    { type: "message", data: "hello" },
    { type: "message", data: { n: 1.5, list: [null], text: "é😀" }, tag: "kept" },
  ];
  for (const signal of signals) {
    ada.send({ ...signal, to: bob.id });
    assert.deepEqual(await bob.next(signal.type), { ...signal, from: ada.id });
  }
  ada.send({ type: "connect", to: bob.id, data: { sdp: "v=0", candidate: "candidate:1" } });
  const offer = await bob.titled("offer");
  assert.equal(offer.type, "info");
  assert.deepEqual(offer.data, { type: "offer", from: ada.id, data: { sdp: "v=0", candidate: "candidate:1" } });
  await closeAll(ada, bob);
});

test("rooms: create, join, leave, remove, end", async () => {
  const [ada, bob, eve] = await connectAll(3);
  ada.send({ type: "create_room", data: { room: "123", name: "my room" } });
  const created = await ada.titled("room_created");
  assert.equal(created.type, "info");
  assert.deepEqual(created.data, { room: "123", roomId: "123", name: "my room", clients: [ada.id] });
  bob.send({ type: "create_room", data: { room: "123" } });
  const duplicate = await bob.next("error");
  assert.equal(duplicate.title, "duplicate room");
  assert.equal(duplicate.data.reason, "ROOM_EXISTS");

  bob.send({ type: "join_room", data: { room: "123" } });
  for (const client of [ada, bob]) {
    const added = await client.titled("client_added");
    assert.equal(added.type, "update");
    assert.deepEqual(added.data.clients, [ada.id, bob.id]);
    assert.equal(added.data.name, "my room");
  }
  eve.send({ type: "join_room", data: { room: "123" } });
  for (const client of [ada, bob, eve]) {
    assert.deepEqual((await client.titled("client_added")).data.clients, [ada.id, bob.id, eve.id]);
  }

  bob.send({ type: "leave_room", data: { room: "123" } });
  assert.deepEqual((await bob.titled("room_left")).data, { room: "123" });
  for (const client of [ada, eve]) {
    assert.deepEqual((await client.titled("client_removed")).data.clients, [ada.id, eve.id]);
  }

  eve.send({ type: "leave_room", to: ada.id, data: { room: "123" } });
  assert.equal((await eve.next("error")).title, "unauthorised");
  ada.send({ type: "leave_room", to: eve.id, data: { room: "123" } });
  const removed = await eve.titled("client_removed");
  assert.deepEqual(removed.data, { room: "123", roomId: "123", name: "my room", clients: [ada.id], reason: "REMOVED" });
  assert.deepEqual((await ada.titled("client_removed")).data.clients, [ada.id]);

  bob.send({ type: "join_room", data: { room: "123" } });
  assert.deepEqual((await bob.titled("client_added")).data.clients, [ada.id, bob.id]);
  bob.send({ type: "end_room", data: { room: "123" } });
  assert.equal((await bob.next("error")).data.reason, "FORBIDDEN");
  ada.send({ type: "end_room", data: { room: "123" } });
  for (const client of [ada, bob]) {
    const deleted = await client.titled("room_deleted");
    assert.equal(deleted.data.room, "123");
    assert.deepEqual(deleted.data.clients, [ada.id, bob.id]);
  }
  ada.send({ type: "leave_room", data: { room: "123" } });
  assert.equal((await ada.next("error")).title, "client not found");
  await closeAll(ada, bob, eve);
});

test("a room without a name gets one, and a departure is reported", async () => {
  const [ada, bob] = await connectAll(2);
  ada.send({ type: "create_room", data: {} });
  const { room } = (await ada.titled("room_created")).data;
  assert.ok(room.length > 20);
  bob.send({ type: "join_room", data: { room } });
  await ada.titled("client_added");
  await bob.close();
  assert.deepEqual((await ada.titled("client_removed")).data.clients, [ada.id]);
  await ada.close();
});

test("missing and invalid fields are reported", async () => {
  const [ada, bob] = await connectAll(2);
  const cases = [
    [{ type: "offer", to: "connector:main:nobody", data: {} }, "client missing", /nobody/],
    [{ type: "offer", data: {} }, "missing fields", /^to is missing/],
    [{ type: "offer", to: bob.id }, "missing fields", /^data is missing/],
    [{ type: "connect", to: bob.id, data: { sdp: "v=0" } }, "missing fields", /data.candidate is missing/],
    [{ type: "connect", to: bob.id, data: { candidate: "x" } }, "missing fields", /data.sdp is missing/],
    [{ type: "join_room" }, "missing fields", /^data is missing/],
    [{ type: "join_room", data: {} }, "missing fields", /^data.room is missing/],
    [{ type: "join_room", data: { room: 7 } }, "missing fields", /room is not text/],
    [{ type: "join_room", data: { room: "r".repeat(129) } }, "missing fields", /join.room/],
    [{ type: "leave_room", data: { room: "never joined" } }, "client not found", /not a member/],
    [{ type: "message", to: ada.id, data: "me" }, "missing fields", /must not be the sender/],
    [{ type: "Offer", to: bob.id, data: {} }, "invalid message", /Offer/],
  ];
  for (const [message, title, text] of cases) {
    ada.send(message);
    const error = await ada.next("error");
    assert.equal(error.title, title, JSON.stringify(message));
    assert.match(error.data.message, text);
  }
  ada.send({ type: "message", to: bob.id, data: "still here" });
  assert.equal((await bob.next("message")).data, "still here");
  await closeAll(ada, bob);
});

test("bad input does not affect other clients", async () => {
  const [good, bad] = await connectAll(2);
  await survivesBadInput(bad, reasonOf);
  await endsBrokenConnections(connect, reasonOf);
  good.send({ type: "message", to: bad.id, data: 1 });
  assert.equal((await bad.next("message")).from, good.id);
  await closeAll(good, bad);
  assert.equal(server.log(), "");
});
