// The fullest room that the limits allow, over every transport.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { WebSocket } from "ws";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { ClientFrameSchema } from "../../src/gen/wigwag/v1/frame_pb.js";
import { connect } from "../../src/index.js";
import { until } from "../fake-server.js";
import { TRANSPORTS } from "./transports.js";
import { Proxy, startServer, type WigwagServer } from "./wigwag-server.js";

const MEMBERS = 1_000;
const ROOM = "full";
const entry = { displayName: "n".repeat(128), userId: "u".repeat(128), metadata: { k: "x".repeat(4_095) } };

const frame = (init: MessageInitShape<typeof ClientFrameSchema>) => toBinary(ClientFrameSchema, create(ClientFrameSchema, init));
const features = ["roster_parts"];
const hello = frame({ body: { case: "hello", value: { ...entry, resumable: true, graceMs: 600_000, features } } });
const join = frame({ seq: 1, body: { case: "join", value: { room: ROOM } } });

/** Joins the room and loses the connection, without reading more than the first part of the answer. */
function visit(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/v1/signal`, "wigwag.v1.proto");
    socket.binaryType = "arraybuffer";
    let frames = 0;
    socket.on("open", () => {
      socket.send(hello);
      socket.send(join);
    });
    socket.on("message", () => {
      frames += 1;
      // The welcome, and the first part of the room.
      if (frames === 2) socket.terminate();
    });
    socket.on("close", () => (frames >= 2 ? resolve() : reject(new Error("the join was not answered"))));
    socket.on("error", reject);
  });
}

let server: WigwagServer;

before(async () => {
  server = await startServer();
  for (let n = 0; n < MEMBERS - 1; n += 1) await visit(server.url);
});
after(() => server.stop());

describe("a room with a thousand members", { timeout: 60_000 }, () => {
  for (const [transport, way] of TRANSPORTS) {
    it(`is joined and resumed over ${transport}`, async () => {
      const proxy = await Proxy.start(server.port);
      const session = await connect(proxy.url, { ...way, ...entry });
      const room = await session.join(ROOM);
      assert.equal(session.transport, transport);
      assert.equal(room.found.length, MEMBERS - 1);
      assert.equal(room.members.size, MEMBERS - 1);
      for (const { metadata } of room.members.values()) assert.equal(metadata["k"]?.length, 4_095);
      const changes: string[] = [];
      for (const type of ["joined", "left"] as const) room.on(type, ({ member }) => changes.push(`${type} ${member.peerId}`));

      // The server does not report this change here, so that a resume needs the roster. It is lost in the middle, and comes
      // again: no member leaves, and none joins twice.
      await room.update({ displayName: "back" });
      let resumed = 0;
      session.on("resumed", () => (resumed += 1));
      const version = room.version;
      proxy.cut();
      proxy.cutAfter(600 * 1024);
      await until(() => resumed >= 2 && room.version > version);
      assert.equal(room.members.size, MEMBERS - 1);
      assert.deepEqual(changes, []);
      await session.close();
      await proxy.stop();
    });
  }
});
