// One client of a scenario: its proxy, its session, its rooms, and its unread events.
import type { Delivery, Room, RoomEvent, Session, SessionEvent } from "../../src/index.js";
import type { Proxy } from "../server/wigwag-server.js";
import { isOptional } from "./expectation.js";

/** Limits a step, in milliseconds. */
export const TIMEOUT_MS = 20_000;

export type AnyEvent = SessionEvent | RoomEvent;

/** The compiler checks that none is missing. */
const SESSION_EVENTS: Record<SessionEvent["type"], true> = {
  reconnecting: true,
  resumed: true,
  reset: true,
  closed: true,
  envelope: true,
  unopened: true,
  undeliverable: true,
  "ice-servers": true,
  "token-expiring": true,
  error: true,
};
const ROOM_EVENTS: Record<RoomEvent["type"], true> = {
  joined: true,
  updated: true,
  left: true,
  changed: true,
  envelope: true,
  unopened: true,
  undeliverable: true,
  closed: true,
};

/** Events in order of arrival. */
export class Inbox {
  readonly #events: AnyEvent[] = [];
  #arrived: () => void = () => undefined;

  add(event: AnyEvent): void {
    this.#events.push(event);
    this.#arrived();
  }

  async next(): Promise<AnyEvent> {
    let event = this.#events.shift();
    if (event) return event;
    await within("nothing came", new Promise<void>((resolve) => (this.#arrived = resolve)));
    event = this.#events.shift();
    if (!event) throw new Error("no event after waking up");
    return event;
  }

  /** Returns an event that should have been read. */
  get unread(): AnyEvent | undefined {
    return this.#events.find((event) => !isOptional(event));
  }
}

export class Actor {
  /** The last known peer id of its session. */
  peer = "";
  isClosed = false;
  readonly receipts = new Map<string, { to: string; reported: Promise<Delivery> }>();
  readonly #rooms = new Map<string, { room: Room; inbox: Inbox }>();
  /** Events of memberships that ended, in rooms that were joined again. */
  readonly #former: Inbox[] = [];
  readonly #inbox = new Inbox();
  #session: Session | undefined;

  constructor(readonly proxy: Proxy) {}

  get session(): Session {
    if (!this.#session) throw new Error("it has no session");
    return this.#session;
  }

  connected(session: Session): void {
    this.#session = session;
    this.peer = session.peerId;
    for (const type of Object.keys(SESSION_EVENTS) as Array<SessionEvent["type"]>) {
      session.on(type, (event) => this.#inbox.add(event));
    }
  }

  seated(room: Room): void {
    const known = this.#rooms.get(room.name);
    if (known?.room === room) return;
    if (known) this.#former.push(known.inbox);
    const inbox = new Inbox();
    this.#rooms.set(room.name, { room, inbox });
    for (const type of Object.keys(ROOM_EVENTS) as Array<RoomEvent["type"]>) room.on(type, (event) => inbox.add(event));
  }

  room(name: string): Room {
    return this.#joined(name).room;
  }

  /** Returns the events of a room, or without one of the session. */
  inbox(room: string | undefined): Inbox {
    return room === undefined ? this.#inbox : this.#joined(room).inbox;
  }

  get unread(): AnyEvent | undefined {
    if (this.isClosed) return undefined;
    const rooms = [...this.#rooms.values()].map(({ inbox }) => inbox);
    for (const { unread } of [this.#inbox, ...rooms, ...this.#former]) if (unread) return unread;
    return undefined;
  }

  async stop(): Promise<void> {
    this.proxy.closed = false;
    await this.#session?.close();
    await this.proxy.stop();
  }

  #joined(name: string): { room: Room; inbox: Inbox } {
    const joined = this.#rooms.get(name);
    if (!joined) throw new Error(`it never joined "${name}"`);
    return joined;
  }
}

/** Waits for a promise, and rejects if it takes too long. */
export async function within<T>(what: string, awaited: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  });
  return Promise.race([awaited, late]).finally(() => clearTimeout(timer));
}
