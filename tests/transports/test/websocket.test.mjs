import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startServer } from "../../compat/lib/server.mjs";
import { open } from "../lib/websocket-client.mjs";

const JSON_FORM = "wigwag.v1.json";
const PROTO_FORM = "wigwag.v1.proto";
const FORMS = [JSON_FORM, PROTO_FORM];

let server;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

for (const one of FORMS) {
  for (const other of FORMS) {
    test(`a call from ${one} to ${other}: W3C dictionaries arrive unchanged`, async () => {
      const ada = await open(server.port, one);
      const bob = await open(server.port, other);
      const room = `${one} to ${other}`;
      ada.send({ join: { room, displayName: "Ada", metadata: { k: "é" } } });
      const adaId = (await ada.take("welcome")).peerId;
      assert.equal((await ada.take("joined")).created, true);
      bob.send({ join: { room } });
      const joined = await bob.take("joined");
      assert.deepEqual(
        joined.members.map((member) => [member.peerId, member.displayName, member.metadata]),
        [[adaId, "Ada", { k: "é" }]],
      );
      const bobId = joined.me.peerId;
      assert.equal((await ada.take("memberJoined")).member.peerId, bobId);

      const payloads = [
        { description: { type: "offer", sdp: `v=0\r\n${"a=x\r\n".repeat(900)}` } },
        { candidate: { candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host", sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "u" } },
        { candidate: { candidate: "" } },
        { message: { text: "\u0000\u2028😀\"\\" } },
        { message: { binary: "AP8=" } },
        { sealed: "AQID" },
      ];
      for (const payload of payloads) ada.send({ envelope: { room, to: bobId, ...payload } });
      for (const payload of payloads) {
        assert.deepEqual(await bob.take("envelope"), { room, from: adaId, to: bobId, ...payload });
      }
      bob.send({ seq: 7, bye: {} });
      assert.deepEqual(await bob.closed, { code: 1000, reason: "" });
      assert.equal((await ada.take("memberLeft")).reason, "LEFT");
      await ada.close();
      assert.deepEqual([...ada.odd, ...bob.odd], []);
    });
  }
}

test("the result of a browser's toJSON() is accepted, nulls included", async () => {
  const ada = await open(server.port, JSON_FORM);
  ada.send({ join: { room: "nulls" } });
  await ada.take("joined");
  const bob = await open(server.port, JSON_FORM);
  bob.send({ join: { room: "nulls" } });
  await bob.take("joined");
  ada.send({ envelope: { room: "nulls", to: null, candidate: { candidate: "", sdpMid: null, sdpMLineIndex: null, usernameFragment: null } } });
  assert.deepEqual((await bob.take("envelope")).candidate, { candidate: "" });
  await Promise.all([ada.close(), bob.close()]);
});

test("a close carries its reason", async () => {
  for (const [form, frame, code, reason] of [
    [JSON_FORM, "{", 4506, "PROTOCOL"],
    [PROTO_FORM, "text", 4506, "PROTOCOL"],
    [JSON_FORM, JSON.stringify({ envelope: { message: { text: "x".repeat(1 << 20) } } }), 1009, "FRAME_TOO_LARGE"],
  ]) {
    const client = await open(server.port, form);
    client.socket.send(frame);
    const error = await client.take("error");
    assert.deepEqual([error.reason, error.fatal], [reason, true]);
    assert.deepEqual(await client.closed, { code, reason });
  }
});
