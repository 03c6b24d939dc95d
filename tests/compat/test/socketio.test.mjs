// The real socket.io-client, over both transports.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { io } from "socket.io-client";
import WebSocket from "ws";

import { Inbox } from "../lib/inbox.mjs";
import { startServer } from "../lib/server.mjs";

let server;
// Clients of Socket.IO may address each other even if the server does not allow direct messages.
before(async () => (server = await startServer("session.direct_messages=false")));
after(() => server.stop());

async function connect(options) {
  const socket = io(`http://${server.host}`, { forceNew: true, reconnection: false, ...options });
  const inbox = new Inbox();
  socket.onAny((event, data) => inbox.put({ event, data }));
  socket.on("disconnect", (reason) => inbox.put({ event: "disconnect", data: reason }));
  const next = async (event) => (await inbox.take((message) => message.event === event, event)).data;
  const client = { socket, inbox, next, close: () => socket.close() };
  client.id = await next("your_id");
  return client;
}

for (const [name, transports] of [["websocket", ["websocket"]], ["polling", ["polling"]], ["both", undefined]]) {
  describe(name, () => {
    const open = () => connect(transports && { transports });

    test("each client receives its id", async () => {
      const [one, two] = [await open(), await open()];
      assert.equal(typeof one.id, "string");
      assert.notEqual(one.id, two.id);
      if (transports) assert.equal(one.socket.io.engine.transport.name, transports[0]);
      one.close();
      two.close();
    });

    test("offer, answer and candidate arrive unchanged with the sender's id", async () => {
      const [ada, bob] = [await open(), await open()];
      const from = (id) => ({ id, from: id, sender: id });
      ada.socket.emit("offer_sdp", { target: bob.id, sdp: { type: "offer", sdp: "v=0\r\n" }, more: [1, null, "é😀"] });
      assert.deepEqual(await bob.next("offer_sdp"), {
        ...from(ada.id), sdp: { type: "offer", sdp: "v=0\r\n" }, more: [1, null, "é😀"],
      });
      bob.socket.emit("answer_sdp", { target: ada.id, sdp: "v=0 text" });
      assert.deepEqual(await ada.next("answer_sdp"), { ...from(bob.id), sdp: "v=0 text" });
      ada.socket.emit("send_ice", { target: bob.id, candidate: "candidate:1 1 udp", mid: "0", sdpMLineIndex: 0 });
      assert.deepEqual(await bob.next("send_ice"), {
        ...from(ada.id), candidate: "candidate:1 1 udp", mid: "0", sdpMLineIndex: 0,
      });
      const candidate = { candidate: "candidate:2", sdpMid: "0", sdpMLineIndex: 0 };
      ada.socket.emit("send_ice", { target: bob.id, candidate, from: "somebody else" });
      assert.deepEqual(await bob.next("send_ice"), { ...from(ada.id), candidate });
      ada.close();
      bob.close();
    });

    test("many candidates arrive in order", async () => {
      const [ada, bob] = [await open(), await open()];
      for (let i = 0; i < 500; i += 1) ada.socket.emit("send_ice", { target: bob.id, candidate: `candidate:${i}`, mid: "0" });
      for (let i = 0; i < 500; i += 1) assert.equal((await bob.next("send_ice")).candidate, `candidate:${i}`);
      ada.close();
      bob.close();
    });

    test("invalid events are reported, and have no other effect", async () => {
      const [ada, bob] = [await open(), await open()];
      const gone = await open();
      gone.close();
      let deep = [];
      for (let i = 0; i < 1_000; i += 1) deep = [deep];
      const cases = [
        ["offer_sdp", { target: "socketio:main:nobody", sdp: "v=0" }, "PEER_NOT_FOUND", /nobody/],
        ["offer_sdp", { sdp: "v=0" }, "INVALID_FIELD", /target is missing/],
        ["offer_sdp", { target: 7, sdp: "v=0" }, "INVALID_FIELD", /target is not text/],
        ["offer_sdp", { target: bob.id }, "INVALID_FIELD", /sdp is missing/],
        ["answer_sdp", { target: bob.id, sdp: ["v=0"] }, "INVALID_FIELD", /sdp/],
        ["answer_sdp", { target: bob.id, sdp: Buffer.from("v=0") }, "PROTOCOL", /cannot be read/],
        ["send_ice", { target: bob.id }, "INVALID_FIELD", /candidate is missing/],
        ["send_ice", { target: ada.id, candidate: "c" }, "INVALID_FIELD", /must not be the sender/],
        ["send_ice", "text", "INVALID_FIELD", /is not an object/],
        ["send_ice", undefined, "INVALID_FIELD", /is not an object/],
        ["nonsense", {}, "UNKNOWN_FRAME", /nonsense/],
        ["offer_sdp", { target: bob.id, sdp: "x".repeat(70_000) }, "FRAME_TOO_LARGE", /larger/],
        ["offer_sdp", { target: "abcdefghijklmnopqrstuvwxyz", sdp: "v=0" }, "FORBIDDEN", /direct/],
      ];
      for (const [event, data, reason, text] of cases) {
        ada.socket.emit(event, data);
        const error = await ada.next("error");
        assert.equal(error.reason, reason, JSON.stringify([event, data]).slice(0, 100));
        assert.match(error.message, text);
      }
      if (transports?.[0] === "websocket") {
        ada.socket.emit("offer_sdp", { target: bob.id, sdp: deep });
        assert.equal((await ada.next("error")).reason, "PROTOCOL");
        ada.socket.emit("offer_sdp", { target: bob.id, sdp: "x".repeat(1_000_000) });
        assert.equal((await ada.next("error")).reason, "FRAME_TOO_LARGE");
      }
      ada.socket.emit("send_ice", { target: bob.id, candidate: "still here" });
      assert.equal((await bob.next("send_ice")).candidate, "still here");
      assert.deepEqual(bob.inbox.rest(), []);
      ada.close();
      bob.close();
    });
  });
}

test("a client that has left cannot be reached", async () => {
  const [ada, bob] = [await connect({ transports: ["websocket"] }), await connect({ transports: ["websocket"] })];
  const { connections } = await server.json("/health");
  bob.close();
  const deadline = Date.now() + 10_000;
  while ((await server.json("/health")).connections >= connections) assert.ok(Date.now() < deadline, "bob is still there");
  ada.socket.emit("offer_sdp", { target: bob.id, sdp: "v=0" });
  assert.equal((await ada.next("error")).reason, "PEER_NOT_FOUND");
  ada.close();
});

test("bytes that are not Socket.IO end only their own connection", async () => {
  const [ada, bob] = [await connect({ transports: ["websocket"] }), await connect({ transports: ["websocket"] })];
  const frames = [
    "9", "4", "42", '42["offer_sdp"', "42[]", "42{}", '42["a",', "451-", "45", "5", '451-["x",{"_placeholder":true,"num":0}]',
    '4599999-["x"]', "6", "4é", "é", "40/nowhere,", "1", '42["\\ud800"]', "43[]", "43", "41", "44",
    `42["offer_sdp",${"[".repeat(10_000)}${"]".repeat(10_000)}]`, "x".repeat(100_000), Buffer.from([4, 255, 0]),
  ];
  for (const frame of frames) {
    const raw = new WebSocket(`ws://${server.host}/socket.io/?EIO=4&transport=websocket`);
    const lines = new Inbox();
    raw.on("message", (data) => lines.put(data.toString()));
    raw.on("error", () => {});
    const closed = new Promise((resolve) => raw.on("close", resolve));
    await lines.take((line) => line.startsWith("0{"), "open");
    raw.send("40");
    await lines.take((line) => line.startsWith("40{"), "connect");
    raw.send(frame);
    raw.close();
    await closed;
  }
  for (const path of ["?EIO=4&transport=polling&sid=unknown", "?EIO=3&transport=polling", "?transport=carrier", ""]) {
    const answer = await fetch(`http://${server.host}/socket.io/${path}`);
    assert.equal(answer.status, 400, path);
  }
  ada.socket.emit("send_ice", { target: bob.id, candidate: "still here" });
  assert.equal((await bob.next("send_ice")).candidate, "still here");
  ada.close();
  bob.close();
  assert.equal(server.log(), "");
});

test("a page of another origin is refused", async () => {
  const answer = await fetch(`http://${server.host}/socket.io/?EIO=4&transport=polling`, {
    headers: { origin: "https://example.com" },
  });
  assert.equal(answer.status, 403);
});

test("a server that shuts down reports it", async () => {
  const own = await startServer();
  const socket = io(`http://${own.host}`, { forceNew: true, reconnection: false, transports: ["websocket"] });
  const error = new Promise((resolve) => socket.on("error", resolve));
  const gone = new Promise((resolve) => socket.on("disconnect", resolve));
  await new Promise((resolve) => socket.on("your_id", resolve));
  own.drain();
  assert.equal((await error).reason, "DRAINING");
  assert.equal(await gone, "transport close");
  await own.gone;
});

for (const transport of ["websocket", "polling"]) {
  test(`a client that sends too fast over ${transport} is disconnected, and comes back`, async () => {
    const own = await startServer("session.frames_per_second=20", "session.frames_burst=10");
    const socket = io(`http://${own.host}`, { forceNew: true, transports: [transport], reconnectionDelay: 100 });
    const inbox = new Inbox();
    socket.onAny((event, data) => inbox.put({ event, data }));
    socket.on("disconnect", (data) => inbox.put({ event: "disconnect", data }));
    const next = async (event) => (await inbox.take((message) => message.event === event, event, 20_000)).data;
    const first = await next("your_id");
    for (let i = 0; i < 1_500; i += 1) socket.emit("send_ice", { target: "socketio:main:nobody", candidate: `${i}` });
    const { data } = await inbox.take(({ data }) => data?.reason === "RATE_LIMITED", "RATE_LIMITED", 20_000);
    assert.match(data.hint, /slowly/);
    assert.match(await next("disconnect"), /^transport (close|error)$/);
    assert.notEqual(await next("your_id"), first);
    socket.close();
    await own.stop();
  });
}

test("the client's script is not served, and the response says where to get it", async () => {
  for (const file of ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.js.map"]) {
    const answer = await fetch(`http://${server.host}/socket.io/${file}`);
    assert.equal(answer.status, 404, file);
    assert.match(await answer.text(), /npm.*cdn\.socket\.io/s);
  }
});

test("a full server refuses a client for now, and a session ends with its client", async () => {
  const own = await startServer("session.max_sessions=1");
  const open = (transport) => io(`http://${own.host}`, { forceNew: true, transports: [transport], reconnectionDelay: 100, randomizationFactor: 0 });
  for (const transport of ["websocket", "polling"]) {
    const first = open(transport);
    await new Promise((resolve) => first.on("your_id", resolve));
    const second = open(transport);
    const back = new Promise((resolve) => second.on("your_id", resolve));
    const error = await new Promise((resolve) => second.on("error", resolve));
    assert.equal(error.reason, "LIMIT_EXCEEDED");
    first.close();
    // It comes back by itself once there is room.
    await back;
    second.close();
    const deadline = Date.now() + 10_000;
    while ((await own.json("/health")).connections > 0) assert.ok(Date.now() < deadline, "the session is still there");
  }
  await own.stop();
});
