import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ServerFrameJson } from "../src/gen/wigwag/v1/frame_pb.js";
import { RosterParts } from "../src/roster-parts.js";
import { connect } from "../src/index.js";
import { FakeServer, refusal, until } from "./fake-server.js";

const members = (...names: string[]) => names.map((peerId) => ({ peerId }));
const joined = (more: boolean, ...names: string[]): ServerFrameJson => ({
  seq: 1,
  replyTo: 1,
  joined: { room: "demo", version: 7, me: { peerId: "me" }, members: members(...names), more },
});
const part = (more: boolean, ...names: string[]): ServerFrameJson => ({
  ack: 4,
  roster: { room: "demo", version: 7, members: members(...names), more },
});

describe("the parts of a roster", () => {
  it("become the frame that holds them all", () => {
    const parts = new RosterParts();
    for (let round = 0; round < 2; round += 1) {
      assert.equal(parts.add(joined(true, "a")), undefined);
      assert.deepEqual(parts.add({ ping: {} }), { ping: {} });
      assert.equal(parts.add(part(true, "b")), undefined);
      assert.deepEqual(parts.add(part(false, "c")), { ...joined(false, "a", "b", "c"), ack: 4 });
    }
    assert.equal(parts.add(part(true, "a")), undefined);
    assert.deepEqual(parts.add(part(false, "b")), part(false, "a", "b"));
    assert.deepEqual(parts.add(part(false, "a")), part(false, "a"));
  });

  it("have nothing between them that changes the session", () => {
    const other: ServerFrameJson = { roster: { room: "demo", version: 8, members: [] } };
    for (const frame of [joined(false, "b"), other, { memberLeft: { room: "demo", version: 8 } }]) {
      const parts = new RosterParts();
      parts.add(joined(true, "a"));
      assert.throws(() => parts.add(frame), { reason: "PROTOCOL" });
    }
  });

  it("count as a room only when all have arrived: a resume before that asks for them again", async () => {
    const server = new FakeServer();
    const session = await connect("http://fake", { transport: server.transport });
    const peer = server.session();
    // The server answers the join with the first of two parts, and then the connection breaks.
    server.beforePush = (batch) => {
      const join = batch.frames.find((frame) => frame.join);
      if (join) {
        peer.clientSeq = join.seq ?? 0;
        peer.post({ ...joined(true, "a"), replyTo: join.seq ?? 0 });
        server.beforePush = () => undefined;
        peer.connection?.fail(refusal("CONNECTION_LOST", "UNAVAILABLE"));
        return { ack: peer.clientSeq, retryAfterMs: 0 };
      }
      return undefined;
    };
    const joining = session.join("demo");
    await until(() => server.hellos.length > 1);
    const { lastSeq, roomVersions } = server.hellos[1]?.resume ?? {};
    assert.deepEqual([lastSeq ?? 0, roomVersions ?? {}], [0, {}]);
    peer.sendUnnumbered({ ...part(false, "b"), ack: peer.clientSeq });
    const room = await joining;
    assert.deepEqual([...room.members.keys()], ["a", "b"]);
    assert.deepEqual(room.found.map(({ peerId }) => peerId), ["a", "b"]);
    assert.equal(room.version, 7);
    await session.close();
  });
});
