// The browser's side of rust-peer.test.ts: joins the room of the Rust example and follows its exchange. Payloads that it
// receives are written into the page.
import { connect, type Room } from "@wigwag/client";

const RECEIVED = "received";
const SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";

const server = new URLSearchParams(location.search).get("server") ?? "";
const session = await connect(server, { displayName: "Chromium" });
const room = await session.join("two-peers");
document.body.dataset["state"] = "joined";
// A tab that is closed may not get its `bye` out; then the next test's peer would find this one in the room.
Object.assign(globalThis, { leave: () => session.close() });
for (const { peerId } of room.members.values()) await describe(room, peerId, "offer");

for await (const event of room.events()) {
  if (event.type !== "envelope") continue;
  const line = document.createElement("li");
  line.className = RECEIVED;
  line.textContent = JSON.stringify(event.payload);
  document.body.append(line);
  if ("description" in event.payload) {
    if (event.payload.description.type === "offer") await describe(room, event.from, "answer");
    else await room.send(event.from, { text: "hello from Chromium" });
  }
}

async function describe(room: Room, to: string, type: "offer" | "answer"): Promise<void> {
  await room.send(to, { description: { type, sdp: SDP } });
  await room.send(to, { candidate: { candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host", sdpMid: "0" } });
  await room.send(to, { candidate: null });
}
