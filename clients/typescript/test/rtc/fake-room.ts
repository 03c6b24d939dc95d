// A session and its room without a server: signals wait in a queue until the test delivers them.
import { Emitter } from "../../src/events.js";
import type { Member, Payload, ReceivedPayload, Room, RoomEvent, Session, SessionEvent, SessionState } from "../../src/index.js";
import { comparePeerIds } from "../../src/peer-id.js";

/** Returns a member of that name. */
export function member(peerId: string, state: Member["state"] = "online"): Member {
  return { peerId, userId: "", displayName: peerId, metadata: {}, role: "member", state, joinedAt: new Date(0) };
}

/** A room, as one session sees it. */
export class FakeRoom extends Emitter<RoomEvent> {
  readonly name = "demo";
  readonly members = new Map<string, Member>();
  readonly sent: Array<{ to: string; payload: Payload }> = [];
  left = false;
  closed = false;

  constructor(
    readonly own: string,
    ...others: string[]
  ) {
    super();
    for (const other of others) this.members.set(other, member(other));
  }

  get me(): Member {
    return member(this.own);
  }

  isPolite(peerId: string): boolean {
    return comparePeerIds(this.own, peerId) > 0;
  }

  async send(to: string, payload: Payload): Promise<void> {
    this.sent.push({ to, payload });
  }

  async leave(): Promise<void> {
    this.left = true;
    this.closes("LEFT");
  }

  /** As `Room.giveBack` without a join that waits. */
  giveBack(): Promise<void> {
    return this.leave();
  }

  joins(peerId: string): void {
    this.members.set(peerId, member(peerId));
    this.emit({ type: "joined", member: member(peerId) });
  }

  leaves(peerId: string, reason = "LEFT"): void {
    this.members.delete(peerId);
    this.emit({ type: "left", member: member(peerId), reason });
  }

  /** Delivers a signal. */
  brings(from: string, payload: Payload): void {
    this.emit({ type: "envelope", from, payload: payload as ReceivedPayload });
  }

  closes(reason: string): void {
    this.closed = true;
    this.emit({ type: "closed", reason });
    this.end();
  }

  /** The descriptions sent so far. */
  get descriptions(): RTCSessionDescriptionInit[] {
    return this.sent.flatMap(({ payload }) => ("description" in payload ? [payload.description] : []));
  }

  get real(): Room {
    return this as unknown as Room;
  }
}

/** A session whose rooms the test creates. */
export class FakeSession extends Emitter<SessionEvent> {
  state: SessionState = "connected";
  iceServers: RTCIceServer[] = [];
  readonly joined: string[] = [];

  constructor(
    public peerId: string,
    private readonly enter: (session: FakeSession) => FakeRoom,
  ) {
    super();
  }

  async join(room: string): Promise<Room> {
    this.joined.push(room);
    return this.enter(this).real;
  }

  get real(): Session {
    return this as unknown as Session;
  }
}

/** Runs everything that is ready: promises, and callbacks of the next turn. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits for the effect of a timer. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Runs timers of 0 ms: what has not happened by then was not requested. */
export async function timersOfZero(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  await turns();
}
