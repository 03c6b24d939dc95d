// A bot in Node: it joins a room over native gRPC, greets everybody it meets, and passes on what it is told to: a member
// that sends the text "/say hello" has everybody else hear "Ada says: hello".
//
//     node bot.mjs [ROOM]         the room is `lobby` if you name none
//
// WIGWAG_URL names another server than http://127.0.0.1:8080. Ctrl-C makes it leave.
import { connect, WigwagError } from "@wigwag/client";
import { grpcTransport } from "@wigwag/client/node";

const url = process.env.WIGWAG_URL ?? "http://127.0.0.1:8080";
const name = process.argv[2] ?? "lobby";

try {
  const session = await connect(url, { displayName: "Bot", transport: grpcTransport });
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void session.close());
  console.log(`connected over ${session.transport} as ${session.peerId}`);
  await serve(session);
} catch (error) {
  // Everything the client fails with says why, and for people too.
  if (!(error instanceof WigwagError)) throw error;
  console.error(`node-bot: ${error.reason}: ${error.message}`);
  process.exitCode = 1;
}

/** Is in the room until the session ends or the seat is taken away; after a reset it joins again. */
async function serve(session) {
  const events = session.events();
  let seat = await enter(session);
  for await (const event of events) {
    if (event.type === "reconnecting") console.log("the connection was lost");
    else if (event.type === "resumed") console.log("back, and nothing is lost");
    else if (event.type === "reset") {
      console.log(`the session was lost (${event.reason}): joining again`);
      await seat.over;
      seat = await enter(session);
    } else if (event.type === "closed" && event.error) throw event.error;
  }
  await seat.over;
}

/** Joins the room and attends to it in the background; `over` resolves when the seat is gone. */
async function enter(session) {
  const room = await session.join(name);
  // In the same turn as the join, so that nothing is missed.
  const events = room.events();
  const others = [...room.members.values()];
  console.log(`joined ${JSON.stringify(name)}, with ${others.length} others`);
  const over = attend(session, room, events, others);
  // What goes wrong ends the session, and is thrown where `over` is awaited.
  over.catch(() => session.close());
  return { over };
}

async function attend(session, room, events, others) {
  for (const member of others) await greet(room, member);
  for await (const event of events) {
    if (event.type === "joined") await greet(room, event.member);
    else if (event.type === "envelope") await relay(room, event.from, event.payload);
    else if (event.type === "undeliverable") console.log(`${event.to} was not reached: ${event.error.reason}`);
    else if (event.type === "closed") {
      console.log(`the seat is gone: ${event.reason}`);
      // After a reset the session goes on, and with it the bot.
      if (["REMOVED", "BANNED", "REPLACED", "FORBIDDEN", "ENDED"].includes(event.reason)) await session.close();
    }
  }
}

async function greet(room, { peerId, displayName }) {
  await say(room, peerId, `Welcome, ${displayName || "stranger"}! Members besides you: ${room.members.size}`);
}

/** Passes a text on to everybody but its sender. */
async function relay(room, from, payload) {
  const [, text] = ("text" in payload && /^\/say (.+)$/s.exec(payload.text)) || [];
  const sender = room.members.get(from);
  if (!text || !sender) return;
  for (const { peerId } of room.members.values()) {
    if (peerId !== from) await say(room, peerId, `${sender.displayName || "Somebody"} says: ${text}`);
  }
}

async function say(room, peerId, text) {
  // A seat that is gone is told by `closed`, which comes next.
  if (!room.closed) await room.send(peerId, { text });
}
