// Meshes of one room that are joined and closed in any order, with a session and an in-memory server.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect, type Session } from "../../src/index.js";
import { Mesh } from "../../src/rtc/index.js";
import { FakeServer } from "../fake-server.js";
import { fakeConstructor } from "./fake-rtc.js";

const options = { RTCPeerConnection: fakeConstructor };

async function start(): Promise<{ server: FakeServer; session: Session; members: () => number | undefined }> {
  const server = new FakeServer();
  const session = await connect("http://wigwag.test", { transport: server.transport });
  return { server, session, members: () => server.rooms.get("demo")?.members.size };
}

describe("a mesh that is joined again", { timeout: 60_000 }, () => {
  it("keeps the room when one that was joined before is closed meanwhile", async () => {
    const { session, members } = await start();
    // What an effect does that is cleaned up before the first answer, without a signal.
    const closing = Mesh.join(session, "demo", options).then((mesh) => mesh.close());
    const mesh = await Mesh.join(session, "demo", options);
    await closing;
    await mesh.room.update({ displayName: "still here" });
    assert.equal(mesh.closed, false);
    assert.equal(members(), 1);
    await mesh.close();
    assert.equal(members(), 0);
    await session.close();
  });

  it("keeps the room when an older one is closed later", async () => {
    const { session, members } = await start();
    const first = await Mesh.join(session, "demo", options);
    const second = await Mesh.join(session, "demo", options);
    await first.close();
    await second.room.update({ displayName: "still here" });
    assert.equal(second.closed, false);
    await second.close();
    assert.equal(members(), 0);
    await session.close();
  });
});
