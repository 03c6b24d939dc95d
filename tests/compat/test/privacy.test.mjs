// Even at trace level, the log contains no signals, tokens or client addresses.
import assert from "node:assert/strict";
import { test } from "node:test";

import { io } from "socket.io-client";

import { startServer } from "../lib/server.mjs";
import { openSocket } from "../lib/socket.mjs";

test("signals, tokens and addresses stay out of the log", async () => {
  const server = await startServer("log.level=trace");
  const secret = "hunter2";
  const sdp = `v=0 ${secret}`;
  const candidate = { candidate: `candidate:1 1 udp 1 192.0.2.77 9 ${secret}` };
  const open = (path) => openSocket(`ws://${server.host}${path}`);

  const [ada, bob] = [await open("/?roomId=r&userId=ada&userName=A"), await open("/?roomId=r&userId=bob&userName=B")];
  await bob.next("participants");
  ada.send({ type: "offer", targetUserId: "bob", sdp });
  await bob.next("offer");
  ada.send({ type: "ice-candidate", targetUserId: "nobody", candidate });
  await ada.next("error");
  ada.socket.send(`not JSON ${secret}`);
  await ada.next("error");

  const [one, two] = [await open("/json/r2"), await open("/json/r2")];
  await one.next("peer-joined");
  one.send({ type: "new-ice-candidate", candidate });
  await two.next("new-ice-candidate");

  const client = await open("/connector");
  await client.next("info");
  client.send({ type: "message", to: "connector:main:nobody", data: secret });
  await client.next("error");

  const eve = await open(`/peerjs/peerjs?key=peerjs&id=eve&token=${secret}`);
  await eve.next("OPEN");
  eve.send({ type: "OFFER", dst: "eve", payload: { sdp } });
  await eve.next("OFFER");

  for (const transport of ["websocket", "polling"]) {
    const socket = io(`http://${server.host}`, { forceNew: true, reconnection: false, transports: [transport] });
    const id = await new Promise((resolve) => socket.on("your_id", resolve));
    const error = new Promise((resolve) => socket.on("error", resolve));
    socket.emit("offer_sdp", { target: id, sdp });
    await error;
    socket.close();
  }
  await Promise.all([ada, bob, one, two, client, eve].map((socket) => socket.close()));
  await server.stop();

  const log = server.log();
  assert.match(log, /session opened/);
  for (const word of [secret, "v=0", "candidate:1", "192.0.2.77", "127.0.0.1:"]) {
    assert.ok(!log.includes(word), `${word}: ${log.split("\n").find((line) => line.includes(word))}`);
  }
});
