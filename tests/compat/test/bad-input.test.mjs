// Sends bad input to every endpoint repeatedly: each is answered, two other peers keep exchanging signals, and the server
// neither panics nor grows. BAD_INPUTS: how many per endpoint (default 100).
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { io } from "socket.io-client";
import WebSocket from "ws";

import { Inbox } from "../lib/inbox.mjs";
import { openWebSocketJson } from "../lib/native.mjs";
import { startServer } from "../lib/server.mjs";

const COUNT = Number(process.env.BAD_INPUTS ?? 100);
/** Bytes that the allocator may retain. */
const MOST_GROWTH = 24 << 20;

let server, ada, bob;
before(async () => {
  server = await startServer("session.frames_per_second=1000000", "session.frames_burst=1000000");
  [ada, bob] = [await openWebSocketJson(server.host), await openWebSocketJson(server.host)];
  for (const peer of [ada, bob]) await peer.join("good");
});
after(async () => {
  ada.close();
  bob.close();
  await server.stop();
});

const deep = `{"type":"offer","sdp":${"[".repeat(10_000)}${"]".repeat(10_000)}}`;
const megabyte = JSON.stringify({ type: "offer", sdp: "x".repeat(1_000_000) });
/** A client's frame, masked with zeros: the library would refuse to write these. */
const raw = (opcode, payload) => Buffer.concat([Buffer.from([opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
const BROKEN = [raw(0x81, Buffer.from([0xff])), raw(0x80, Buffer.from("x")), raw(0xff, Buffer.from("x"))];

/** Bad input for every endpoint that takes JSON over a WebSocket. */
const TEXTS = [
  "hello", "", "[1,2]", '{"type":', deep, megabyte, '{"type":7}', '{"type":"error"}', '{"type":"","x":"\\ud800"}',
  Buffer.from([0xff]), ["{\"type\":", "\"error\"}"], "x".repeat((1 << 20) + 1),
];

/** Name, path, subprotocol and bad input of each endpoint. An array is sent in fragments. */
const endpoints = [
  ["WebSocket JSON", "/v1/signal", "wigwag.v1.json", [
    ...TEXTS.slice(0, 6), ...TEXTS.slice(9), '{"seq":1,"join":{}}', '{"seq":1,"join":{"room":7}}', '{"seq":1,"nothing":{}}',
    '{"seq":1,"envelope":{"room":"good","to":"nobody","message":{"text":"x"}}}', '{"seq":1,"envelope":{"room":"good"}}',
  ]],
  ["WebSocket binary", "/v1/signal", "wigwag.v1.proto", [
    "text", Buffer.from([0xff]), Buffer.from([0x22, 0x7f, 1]), Buffer.alloc(1_000_000, 0x22), Buffer.alloc((1 << 20) + 1),
    Buffer.from([8, 1, 0x32, 0]), Buffer.from([8, 1, 0x32, 3, 0x0a, 1, 0xff]), Buffer.from([8, 1]), [Buffer.from([0x22]), Buffer.from([0xff])],
  ]],
  ["rooms-ws", (n) => `/?roomId=good&userId=bad${n}&userName=x`, undefined, [
    ...TEXTS, '{"type":"offer"}', '{"type":"offer","targetUserId":"nobody","sdp":"v=0"}', '{"type":"ice-candidate","targetUserId":"x","candidate":7}',
  ]],
  ["plain JSON", "/json/good", undefined, [...TEXTS, '{"type":"offer"}', '{"type":"offer","to":"nobody","sdp":"v=0"}', '{"type":"offer","to":7,"sdp":"v=0"}']],
  ["connector", "/connector", undefined, [
    ...TEXTS, '{"type":"offer"}', '{"type":"offer","to":"nobody","data":{}}', '{"type":"join_room","data":{"room":7}}', '{"type":"connect","to":"nobody","data":{}}',
  ]],
  // Most of its bad input is ignored, as PeerServer does: an echo follows each.
  ["PeerJS", (n) => `/peerjs/peerjs?key=peerjs&id=bad${n}&token=t`, undefined, [...TEXTS, '{"type":"OFFER"}', '{"type":"OFFER","dst":7}', '{"type":"EXPIRE"}'],
    (n) => `{"type":"OFFER","dst":"bad${n}","payload":"error"}`],
  ["refused: PeerJS", "/peerjs/peerjs?key=peerjs", undefined, ["x"]],
  ["refused: rooms-ws", "/?roomId=good", undefined, ["x"]],
];

/** Opens a socket and collects what the server sends, or that it closed the connection. */
function openRaw(path, protocol) {
  const socket = new WebSocket(`ws://${server.host}${path}`, protocol);
  const said = new Inbox();
  socket.on("message", (data) => said.put(data.toString("latin1")));
  socket.on("close", () => said.put("closed"));
  socket.on("error", () => {});
  return new Promise((resolve) => socket.on("open", () => resolve({ socket, said })));
}

function send(socket, input) {
  if (!Array.isArray(input)) return socket.send(input);
  socket.send(input[0], { fin: false });
  socket.send(input[1], { fin: true });
}

async function exchange(what) {
  ada.request({ envelope: { room: "good", to: bob.peerId, description: { type: "offer", sdp: what } } });
  assert.equal((await bob.envelope(ada.peerId)).description.sdp, what);
}

/** Returns the server's anonymous memory in bytes; 0 where the system does not report it. */
async function memory() {
  const status = await readFile(`/proc/${server.pid}/status`, "utf8").catch(() => "");
  return Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
}

/** Sends bad input to an endpoint; `feed(n)` resolves when the nth has been answered. */
async function stress(name, feed) {
  for (let n = 0; n < COUNT / 4; n += 1) await feed(n);
  await exchange(`between, ${name}`);
  const before = await memory();
  for (let n = 0; n < COUNT; n += 1) await feed(n);
  await exchange(`after, ${name}`);
  const growth = (await memory()) - before;
  assert.ok(growth < MOST_GROWTH, `${name}: ${growth} bytes more after ${COUNT} bad inputs`);
  assert.equal(server.log(), "");
}

for (const [name, path, protocol, inputs, echo] of endpoints) {
  test(name, async () => {
    let [line, opened] = [undefined, 0];
    const answered = (what) => line.said.take((text) => text === "closed" || /error|PROTOCOL|[A-Z]{4}_/i.test(text), what);
    const feed = async (n) => {
      if (line?.socket.readyState !== WebSocket.OPEN) {
        line = await openRaw(typeof path === "string" ? path : path((opened += 1)), protocol);
      }
      const at = n % (inputs.length + BROKEN.length);
      if (at < inputs.length) send(line.socket, inputs[at]);
      else line.socket._socket.write(BROKEN[at - inputs.length]);
      if (echo && at < inputs.length) line.socket.send(echo(opened));
      const answer = await answered(`an answer to input ${at} of ${name}`);
      // Some input ends the connection.
      if (answer !== "closed" && (at >= inputs.length || line.socket.readyState !== WebSocket.OPEN)) line = undefined;
    };
    await stress(name, feed);
    line?.socket.terminate();
  });
}

test("REST", async () => {
  const post = { method: "POST", headers: { "content-type": "application/json" } };
  const inputs = [
    ["/v1/rooms", { ...post, body: "hello" }], ["/v1/rooms", { ...post, body: "[1]" }], ["/v1/rooms", { ...post, body: deep }],
    ["/v1/rooms", { ...post, body: '{"room":7}' }], ["/v1/rooms", { ...post, body: Buffer.from([0x22, 0xff]) }],
    ["/v1/rooms", { method: "POST", body: "x" }], ["/v1/rooms/nowhere", {}], ["/v1/rooms/%FF", {}], ["/v1/rooms/good/members/nobody", {}],
    ["/v1/rooms?pageSize=many", {}], ["/v1/rooms/good:send", { ...post, body: "{}" }], ["/v1/rooms/good", { method: "PUT" }], ["/v1/rooms/a/b/c", {}],
  ];
  await stress("REST", async (n) => {
    const [path, request] = inputs[n % inputs.length];
    const answer = await fetch(`http://${server.host}${path}`, request);
    const { message } = await answer.json();
    assert.ok(answer.status >= 400 && answer.status < 500 && message, `${path}: ${answer.status}`);
  });
});

test("Socket.IO", async () => {
  const socket = io(`http://${server.host}`, { forceNew: true, reconnection: false, transports: ["websocket"] });
  const said = new Inbox();
  socket.onAny((event, data) => said.put({ event, data }));
  const id = (await said.take(({ event }) => event === "your_id", "your_id")).data;
  const inputs = [
    ["nonsense", {}], ["offer_sdp", "text"], ["offer_sdp", { sdp: "v=0" }], ["offer_sdp", { target: 7, sdp: "v=0" }], ["offer_sdp", { target: id }],
    ["offer_sdp", { target: "socketio:main:nobody", sdp: "v=0" }], ["send_ice", { target: id, candidate: 7 }], ["answer_sdp", { target: id, sdp: "x".repeat(900_000) }],
    ["answer_sdp", { target: id, sdp: Buffer.from("v=0") }], ["x".repeat(10_000), null],
  ];
  await stress("Socket.IO", async (n) => {
    socket.emit(...inputs[n % inputs.length]);
    const { data } = await said.take(({ event }) => event === "error", `an answer to input ${n % inputs.length}`);
    assert.ok(data.reason && data.message.length < 2_000);
  });
  socket.close();
});
