// One client of a scenario: its proxy, its session, its rooms, and what it has not heard yet.
import type { Delivery, Room, RoomEvent, Session, SessionEvent } from "../../src/index.js";
import type { Proxy } from "../server/wigwag-server.js";
import { isOptional } from "./expectation.js";

/** Longest one step may take, in milliseconds. */
export const PATIENCE_MS = 20_000;

export type AnyEvent = SessionEvent | RoomEvent;

/** The compiler sees to it that none is missing. */
const SESSION_EVENTS: Record<SessionEvent["type"], true> = {
  reconnecting: true,
  resumed: true,
  reset: true,
  closed: true,
  envelope: true,
  unopened: true,
  undeliverable: true,
  "ice-servers": true,
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

/** Events in the order in which they came. */
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
    if (!event) throw new Error("woken for nothing");
    return event;
  }

  /** What was not read and should have been. */
  get unread(): AnyEvent | undefined {
    return this.#events.find((event) => !isOptional(event));
  }
}

export class Actor {
  /** The peer id its session had when it last heard of one. */
  peer = "";
  isClosed = false;
  readonly receipts = new Map<string, { to: string; told: Promise<Delivery> }>();
  readonly #rooms = new Map<string, { room: Room; inbox: Inbox }>();
  /** Of seats that were left and taken again. */
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
    return this.#seat(name).room;
  }

  /** What comes in a room, or without one in the session. */
  inbox(room: string | undefined): Inbox {
    return room === undefined ? this.#inbox : this.#seat(room).inbox;
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

  #seat(name: string): { room: Room; inbox: Inbox } {
    const seat = this.#rooms.get(name);
    if (!seat) throw new Error(`it never was in "${name}"`);
    return seat;
  }
}

/** What is awaited, or an error when it takes too long. */
export async function within<T>(what: string, awaited: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  return Promise.race([awaited, late]).finally(() => clearTimeout(timer));
}
