// Executes each step.
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type CreateRoomOptions, type JoinOptions, type Room, WigwagError } from "../../src/index.js";
import { Proxy } from "../server/wigwag-server.js";
import { Actor, TIMEOUT_MS, within } from "./actor.js";
import { call } from "./backend.js";
import { type Expectation, expectation, isOptional, kindOf } from "./expectation.js";
import { payload, secret } from "./payload.js";
import type { Play } from "./play.js";
import { Fields } from "./scenario.js";

type Metadata = Record<string, string>;

/** Executes one step. Rejects if its result is not the expected one. */
export async function doStep(play: Play, step: Fields): Promise<void> {
  const what = step.text("do");
  const refusal = step.textOr("error", undefined);
  const name = step.textOr("client", "");
  const calls = CALLS[what];
  const look = LOOKS[what];
  if (calls) {
    const outcome = await reasonOf(within("it did not end", calls(play, name, step, refusal)));
    step.end();
    if (outcome !== refusal) throw new Error(outcome === undefined ? "it succeeded" : `it failed with ${outcome}`);
  } else if (look) {
    await look(play, name, step, refusal);
    step.end();
  } else {
    throw new Error(`unknown step "${what}"`);
  }
}

/** Returns the reason of a failed call; undefined if it succeeded. */
async function reasonOf(calling: Promise<unknown>): Promise<string | undefined> {
  try {
    const outcome = await calling;
    return typeof outcome === "string" ? outcome : undefined;
  } catch (error) {
    if (error instanceof WigwagError) return error.reason;
    throw error;
  }
}

type Step = (play: Play, name: string, step: Fields, refusal: string | undefined) => Promise<unknown>;

/** Executes the steps that call a client or the server, and may be refused. */
const CALLS: Readonly<Record<string, Step>> = {
  connect: async (play, name, step) => {
    const metadata = step.objectOr("metadata", undefined) as Metadata | undefined;
    const replaces = step.textOr("replaces", undefined);
    const [userId, graceMs] = [step.textOr("userId", undefined), step.numberOr("graceMs", undefined)];
    const json = step.objectOr("secret", undefined);
    const actor = new Actor(await Proxy.start(play.port));
    const former = replaces === undefined ? undefined : play.actor(replaces).session.sessionToken;
    play.actors.get(name)?.proxy.cut();
    play.actors.set(name, actor);
    const session = await connect(actor.proxy.url, {
      ...play.way,
      displayName: step.textOr("displayName", name),
      ...(userId !== undefined && { userId }),
      ...(metadata && { metadata }),
      ...(graceMs !== undefined && { graceMs }),
      ...(former !== undefined && { replaces: former }),
      ...(json && { secret: secret(json) }),
    });
    actor.connected(session);
  },
  close: async (play, name) => {
    await play.actor(name).session.close();
    play.actor(name).isClosed = true;
  },
  join: async (play, name, step) => {
    const found = step.namesOr("found", undefined)?.map((peer) => play.peer(peer));
    const created = step.flagOr("created", undefined);
    const actor = play.actor(name);
    const given = step.text("room");
    for (let times = step.numberOr("times_given_up", 0); times > 0; times -= 1) giveUpJoin(actor, given);
    const room = await actor.session.join(given, { ...entry(step), ...secretOf(step) });
    if (step.flagOr("listens", true)) actor.seated(room);
    const ids = room.found.map(({ peerId }) => peerId);
    if (found && JSON.stringify(found) !== JSON.stringify(ids)) throw new Error(`it found ${String(ids)}`);
    if (created !== undefined && created !== room.created) throw new Error(`created is ${String(room.created)}`);
  },
  listen: async (play, name, step) => {
    const { session } = play.actor(name);
    play.actor(name).seated(session.rooms.get(step.text("room")) as Room);
  },
  give_up_join: async (play, name, step) => giveUpJoin(play.actor(name), step.text("room")),
  create_room: async (play, name, step) => {
    const maxMembers = step.numberOr("maxMembers", undefined);
    const options: CreateRoomOptions = { room: step.text("room"), ...entry(step), ...secretOf(step) };
    const actor = play.actor(name);
    actor.seated(await actor.session.createRoom({ ...options, ...(maxMembers !== undefined && { maxMembers }) }));
  },
  leave: (play, name, step) => joinedRoom(play, name, step).leave(),
  end_room: (play, name, step) => joinedRoom(play, name, step).end(),
  remove_member: (play, name, step) => {
    const [peer, ban] = [play.peer(step.text("peer")), step.flagOr("ban", false)];
    return joinedRoom(play, name, step).remove(peer, { ban });
  },
  update_member: (play, name, step) => joinedRoom(play, name, step).update(entry(step)),
  send: async (play, name, step, refusal) => {
    const content = payload(step.objectOr("payload", {}));
    const [to, room] = [step.textOr("to", undefined), step.textOr("room", undefined)];
    const receipt = step.textOr("receipt", undefined);
    const actor = play.actor(name);
    const way = room === undefined ? actor.session : actor.room(room);
    if (to === undefined) {
      if (room === undefined) throw new Error("an envelope needs a room or `to`");
      await actor.room(room).broadcast(content);
    } else if (receipt === undefined) {
      await way.send(play.peer(to), content);
    } else {
      const reported = way.send(play.peer(to), content, { receipt: true });
      if (refusal !== undefined) await reported;
      // A later step checks it.
      reported.catch(() => undefined);
      actor.receipts.set(receipt, { to: play.peer(to), reported });
    }
  },
  send_numbers: async (play, name, step) => {
    const to = step.textOr("to", undefined);
    const numbers = Array.from({ length: step.number("count") }, (_, at) => ({ text: String(at + 1) }));
    const room = joinedRoom(play, name, step);
    await Promise.all(numbers.map((number) => (to === undefined ? room.broadcast(number) : room.send(play.peer(to), number))));
  },
  send_large: (play, name, step) => {
    const text = "x".repeat(step.number("bytes"));
    return joinedRoom(play, name, step).broadcast({ text });
  },
  call: (play, _name, step) => call(play.url, step, (peer) => play.peer(peer)),
};

/** Executes the steps that wait for something, or control the network or the server. */
const LOOKS: Readonly<Record<string, Step>> = {
  expect: async (play, name, step) => {
    const room = step.textOr("room", undefined);
    const skipped = step.namesOr("skip", []);
    await expect(play.actor(name), room, [expectation(step, (peer) => play.peer(peer))], skipped);
  },
  expect_all: async (play, name, step) => {
    const room = step.textOr("room", undefined);
    const wanted = step.objects("events").map((event) => {
      const fields = new Fields(event);
      const one = expectation(fields, (peer) => play.peer(peer));
      fields.end();
      return one;
    });
    await expect(play.actor(name), room, wanted, []);
  },
  expect_numbers: async (play, name, step) => {
    const [room, from, count] = [step.text("room"), play.peer(step.text("from")), step.number("count")];
    const inbox = play.actor(name).inbox(room);
    for (let number = 1; number <= count; ) {
      const event = await inbox.next();
      if (event.type === "envelope" && event.from === from && "text" in event.payload && event.payload.text === String(number)) {
        number += 1;
      } else if (!isOptional(event)) {
        throw new Error(`in place of ${number} came ${JSON.stringify(event)}`);
      }
    }
  },
  expect_receipt: async (play, name, step, refusal) => {
    const called = step.text("receipt");
    const [outcome, reason] = [step.textOr("outcome", undefined), step.textOr("reason", undefined)];
    const peer = step.textOr("peer", undefined);
    const receipt = play.actor(name).receipts.get(called);
    if (!receipt) throw new Error(`there is no receipt "${called}"`);
    const came = await within("no receipt came", receipt.reported).catch((error: unknown) => {
      if (error instanceof WigwagError) return error;
      throw error;
    });
    if (refusal !== undefined) {
      const isRefused = came instanceof WigwagError && came.reason === refusal && !("outcome" in came.metadata);
      if (!isRefused) throw new Error(`it was ${String(came)}`);
      return;
    }
    const undelivered = came instanceof WigwagError && came.metadata["outcome"] === "undeliverable";
    const reported = undelivered ? "UNDELIVERABLE" : came instanceof WigwagError ? came.reason : came.toUpperCase();
    const why = came instanceof WigwagError ? came.reason : undefined;
    const isMet = reported === outcome && (reason === undefined || reason === why);
    if (!isMet || (peer !== undefined && play.peer(peer) !== receipt.to)) throw new Error(`it was ${reported}, ${why ?? "no reason"}`);
  },
  members: async (play, name, step) => {
    const wanted = step.names("are").map((peer) => play.peer(peer)).join();
    const room = joinedRoom(play, name, step);
    await until(`the members are ${wanted}`, () => [...room.members.keys()].join() === wanted);
  },
  state: async (play, name, step) => {
    const is = step.text("is");
    const { session } = play.actor(name);
    await until(`it is ${is}`, () => session.state === (is === "online" ? "connected" : is));
  },
  cut: async (play, name) => play.actor(name).proxy.cut(),
  cut_after: async (play, name, step) => play.actor(name).proxy.cutAfter(step.number("bytes"), step.numberOr("times", 1)),
  offline: async (play, name, step) => {
    const { proxy } = play.actor(name);
    proxy.closed = true;
    proxy.cut();
    const ms = step.numberOr("ms", undefined);
    if (ms === undefined) return;
    await sleep(ms);
    proxy.closed = false;
  },
  online: async (play, name) => {
    play.actor(name).proxy.closed = false;
  },
  restart_server: (play) => play.replaceServer("SIGKILL"),
  drain_server: (play) => play.replaceServer("SIGTERM"),
};

/** Expects these events next, in any order, except for optional ones in between. */
async function expect(actor: Actor, room: string | undefined, wanted: Expectation[], skipped: readonly string[]): Promise<void> {
  const missing = [...wanted];
  while (missing.length > 0) {
    const event = await actor.inbox(room).next();
    if (room === undefined) checkPeerId(actor, event.type);
    const at = missing.findIndex((isMetBy) => isMetBy(event));
    if (at >= 0) missing.splice(at, 1);
    else if (!isOptional(event) && !skipped.includes(kindOf(event))) throw new Error(`unexpected event ${JSON.stringify(event)}`);
  }
}

/** Checks the peer id after a resume or a reset. */
function checkPeerId(actor: Actor, event: string): void {
  const { peerId } = actor.session;
  if (event === "resumed" && actor.peer !== peerId) throw new Error("it resumed with another peer id");
  if (event !== "reset") return;
  if (actor.peer === peerId) throw new Error("it was reset and kept its peer id");
  actor.peer = peerId;
}

/** Requests a join and gives it up before the answer can arrive. */
function giveUpJoin(actor: Actor, room: string): void {
  const abort = new AbortController();
  actor.session.join(room, { signal: abort.signal }).catch(() => undefined);
  abort.abort();
}

function joinedRoom(play: Play, name: string, step: Fields): Room {
  return play.actor(name).room(step.text("room"));
}

/** Returns the name and metadata of a member or a room. */
function entry(step: Fields): { displayName?: string; metadata?: Metadata } {
  const displayName = step.textOr("displayName", undefined);
  const metadata = step.objectOr("metadata", undefined) as Metadata | undefined;
  return { ...(displayName !== undefined && { displayName }), ...(metadata && { metadata }) };
}

function secretOf(step: Fields): Pick<JoinOptions, "secret"> {
  const json = step.objectOr("secret", undefined);
  return json ? { secret: secret(json) } : {};
}

/** Polls until the condition holds. */
async function until(what: string, condition: () => boolean): Promise<void> {
  for (const since = Date.now(); !condition(); await sleep(5)) {
    if (Date.now() - since > TIMEOUT_MS) throw new Error(`timed out after ${TIMEOUT_MS} ms: ${what}`);
  }
}
