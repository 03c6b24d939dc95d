// A bot in Node: joins a room over native gRPC, greets every member, and relays texts: when Ada sends it "/say hello", all
// other members receive "Ada says: hello".
//
//     node bot.mjs [ROOM]         the default room is `lobby`
//
// WIGWAG_URL is the server, by default http://127.0.0.1:8080. Ctrl-C makes the bot leave.
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
  // The client's errors have a reason for programs and a message for people.
  if (!(error instanceof WigwagError)) throw error;
  console.error(`node-bot: ${error.reason}: ${error.message}`);
  process.exitCode = 1;
}

/** Stays in the room until the session ends or the bot is removed; joins again after a reset. */
async function serve(session) {
  const events = session.events();
  let membership = await enter(session);
  for await (const event of events) {
    if (event.type === "reconnecting") console.log("the connection was lost");
    else if (event.type === "resumed") console.log("the session was resumed");
    else if (event.type === "reset") {
      console.log(`the session was lost (${event.reason}): joining again`);
      await membership.ended;
      membership = await enter(session);
    } else if (event.type === "closed" && event.error) throw event.error;
  }
  await membership.ended;
}

/** Joins the room and handles its events in the background; `ended` resolves when the membership has ended. */
async function enter(session) {
  const room = await session.join(name);
  // Subscribed in the same turn as the join, so that no event is missed.
  const events = room.events();
  const others = [...room.members.values()];
  console.log(`joined ${JSON.stringify(name)}, with ${others.length} others`);
  const ended = handle(session, room, events, others);
  // An error ends the session, and is thrown where `ended` is awaited.
  ended.catch(() => session.close());
  return { ended };
}

async function handle(session, room, events, others) {
  for (const member of others) await greet(room, member);
  for await (const event of events) {
    if (event.type === "joined") await greet(room, event.member);
    else if (event.type === "envelope") await relay(room, event.from, event.payload);
    else if (event.type === "undeliverable") console.log(`${event.to} was not reached: ${event.error.reason}`);
    else if (event.type === "closed") {
      console.log(`no longer a member: ${event.reason}`);
      // After a reset the bot joins again, so the session stays open.
      if (["REMOVED", "BANNED", "REPLACED", "FORBIDDEN", "ENDED"].includes(event.reason)) await session.close();
    }
  }
}

async function greet(room, { peerId, displayName }) {
  await say(room, peerId, `Welcome, ${displayName || "peer"}! Members besides you: ${room.members.size}`);
}

/** Relays a text to all members except its sender. */
async function relay(room, from, payload) {
  const [, text] = ("text" in payload && /^\/say (.+)$/s.exec(payload.text)) || [];
  const sender = room.members.get(from);
  if (!text || !sender) return;
  for (const { peerId } of room.members.values()) {
    if (peerId !== from) await say(room, peerId, `${sender.displayName || "Somebody"} says: ${text}`);
  }
}

async function say(room, peerId, text) {
  // If the membership has ended, `closed` is the next event.
  if (!room.closed) await room.send(peerId, { text });
}
