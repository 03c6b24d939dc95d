import type { ClientBody } from "./client-body.js";
import { type Backpressure, Emitter, type EventOf, type EventsOptions } from "./events.js";
import { WigwagError } from "./error.js";
import type { EnvelopeJson } from "./gen/wigwag/v1/envelope_pb.js";
import type { JoinedJson, ServerFrameJson } from "./gen/wigwag/v1/frame_pb.js";
import { type Member, memberFrom, type RoomInfo, roomInfoFrom } from "./model.js";
import { decodePayload, encodePayload, type Payload, type ReceivedPayload } from "./payload.js";
import { comparePeerIds } from "./peer-id.js";
import { Roster, type RosterChange } from "./roster.js";

/** What happens in a room. */
export type RoomEvent =
  | RosterChange
  /** A signal from a member; `from` is empty if a backend sent it. */
  | { type: "envelope"; from: string; payload: ReceivedPayload }
  /**
   * A signal that could not be opened, in a room with a secret; its content is never delivered. `error.reason`: NOT_SEALED (its
   * sender has no secret, or the server forged it), WRONG_KEY (another secret), SEAL_BROKEN (changed on the way, or not for this
   * peer, or not from that one), REPLAYED (repeated, or out of order) or SEAL_UNKNOWN (a newer format).
   */
  | { type: "unopened"; from: string; error: WigwagError }
  /** A signal to a member was not delivered, or its delivery could not be confirmed; `error.reason` says why. */
  | { type: "undeliverable"; to: string; error: WigwagError }
  /**
   * This session is no longer a member. `reason` is LEFT, REMOVED, BANNED, REPLACED, FORBIDDEN or ENDED; or why the session
   * was reset or ended. The last event of a room.
   */
  | { type: "closed"; reason: string };

/** How a signal with a receipt was delivered. */
export type Delivery =
  /** The recipient acknowledged it. */
  | "delivered"
  /** It was written to the connection of a recipient that does not acknowledge. */
  | "written";

/** The error of signals for which the application had no listener. `room` is empty for direct ones. */
export function droppedError(count: number, room: string): WigwagError {
  const where = room === "" ? "without a room" : "of a room";
  return new WigwagError(`${count} signals ${where} were dropped: add a listener for \`envelope\`, which may do nothing`, {
    code: "RESOURCE_EXHAUSTED",
    reason: "SLOW_CONSUMER",
    metadata: { room, count: String(count) },
  });
}

/** Options of sending to one peer. */
export interface SendOptions {
  /** Waits until the signal was delivered. Default: false. */
  receipt?: boolean;
  /** Stops waiting. A signal that is already numbered is sent nevertheless. */
  signal?: AbortSignal;
}

/** Options of a request. */
export interface RequestOptions {
  /** Stops waiting for the answer. The server may perform the request nevertheless. */
  signal?: AbortSignal;
}

/** What a room needs of its session. */
export interface RoomHost {
  request(body: ClientBody, options?: RequestOptions): Promise<ServerFrameJson>;
  send(envelope: EnvelopeJson, options?: SendOptions): Promise<Delivery | undefined>;
  /** Reports that signals were dropped, since the application had no listener for them. */
  dropped(error: WigwagError): void;
  /** Leaves a room that no caller claims. */
  giveBack(room: string): Promise<void>;
}

/**
 * A room this session is a member of. Created by {@link Session.join} and {@link Session.createRoom}.
 *
 * Add listeners right after the join, in the same turn of the event loop: no event is emitted before. Signals are held until the
 * first listener for `envelope`, or the first iterator, however late that is; {@link members} is up to date without a listener.
 */
export class Room {
  /** The room's name. */
  readonly name: string;
  /** Whether this join created the room. */
  readonly created: boolean;
  readonly #host: RoomHost;
  readonly #roster: Roster;
  readonly #emitter = new Emitter<RoomEvent>({ type: "envelope", dropped: (count) => this.#host.dropped(droppedError(count, this.name)) });
  #closed: string | undefined;
  /** Why the session ended, if it did. */
  #over: WigwagError | undefined;
  #found: readonly Member[] = [];
  #claimed = false;

  /** @internal */
  constructor(host: RoomHost, joined: JoinedJson) {
    this.name = joined.room ?? "";
    this.created = joined.created ?? false;
    this.#host = host;
    this.#roster = new Roster(roomInfoFrom(this.name, joined.roomInfo), memberFrom(joined.me ?? {}));
    this.#roster.replace(joined.version ?? 0, joined.roomInfo, joined.members ?? [], joined.me);
    this.#found = [...this.members.values()];
  }

  /** The other members by peer id, in the order in which they joined. Live: it changes with the room. */
  get members(): ReadonlyMap<string, Member> {
    return this.#roster.members;
  }

  /**
   * The members that were there when this session last joined, in the order in which they joined. By convention the peer that
   * finds another one here makes the first offer.
   */
  get found(): readonly Member[] {
    return this.#found;
  }

  /** This session's own entry. */
  get me(): Member {
    return this.#roster.me;
  }

  /** The room's settings. */
  get info(): RoomInfo {
    return this.#roster.info;
  }

  /** Whether this session is no longer a member. */
  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * Returns whether this peer is the polite one in perfect negotiation with another, and so gives way when their offers collide:
   * the one with the greater peer id is.
   */
  isPolite(peerId: string): boolean {
    return comparePeerIds(this.me.peerId, peerId) > 0;
  }

  /** Calls `listener` with every event of this type. Returns a function that removes the listener. */
  on<T extends RoomEvent["type"]>(type: T, listener: (event: EventOf<RoomEvent, T>) => void): () => void {
    return this.#emitter.on(type, listener);
  }

  /** Returns every event from now on; ends after `closed`, or when the signal aborts. */
  events(options?: EventsOptions): AsyncIterableIterator<RoomEvent> {
    return this.#emitter.iterate(options);
  }

  /**
   * Sends a signal to one member, with a receipt: resolves when it was delivered, and rejects with a {@link WigwagError} when it
   * cannot be.
   */
  send(peerId: string, payload: Payload, options: SendOptions & { receipt: true }): Promise<Delivery>;
  /**
   * Sends a signal to one member. Resolves when the signal is queued; it is then delivered in order, or reported by
   * `undeliverable`. Waits while more than 1,024 signals or 1 MiB are unacknowledged. Rejects with NOT_JOINED, FRAME_TOO_LARGE
   * (64 KiB unless the server says otherwise), LIMIT_EXCEEDED (4,096 signals wait already), or CLOSED.
   */
  send(peerId: string, payload: Payload, options?: SendOptions): Promise<Delivery | undefined>;
  async send(peerId: string, payload: Payload, options?: SendOptions): Promise<Delivery | undefined> {
    return this.#memberHost().send({ room: this.name, to: peerId, ...encodePayload(payload) }, options);
  }

  /** Sends a signal to every other member. Resolves and rejects as {@link send} without a receipt. */
  async broadcast(payload: Payload, options?: RequestOptions): Promise<void> {
    await this.#memberHost().send({ room: this.name, ...encodePayload(payload) }, options);
  }

  /**
   * Changes this session's entry: a display name of at most 128 bytes, metadata of at most 4 KiB in total. Metadata is merged, and
   * an empty value deletes its key. Rejects with NOT_JOINED or INVALID_FIELD; and, as every request, with RESET if the session
   * was lost before it was answered, and CLOSED.
   */
  async update(
    entry: { displayName?: string; metadata?: Record<string, string> },
    options?: RequestOptions,
  ): Promise<void> {
    await this.#memberHost().request({ updateMember: { room: this.name, ...entry } }, options);
    // The server reports the change to the other members only.
    for (const change of this.#roster.edited(entry)) this.#emitter.emit(change);
  }

  /**
   * Removes a member; with `ban` it cannot join again until the room ends. Only the room's owner may: otherwise it rejects with
   * FORBIDDEN. Rejects with PEER_NOT_FOUND if there is no such member.
   */
  async remove(peerId: string, options: RequestOptions & { ban?: boolean } = {}): Promise<void> {
    await this.#memberHost().request({ removeMember: { room: this.name, peerId, ban: options.ban ?? false } }, options);
  }

  /** Ends the room for everybody. Only the room's owner may: otherwise it rejects with FORBIDDEN. */
  async end(options?: RequestOptions): Promise<void> {
    await this.#memberHost().request({ endRoom: { room: this.name } }, options);
  }

  /** Leaves the room. Rejects with NOT_JOINED if this session is no longer a member. */
  async leave(options?: RequestOptions): Promise<void> {
    await this.#memberHost().request({ leave: { room: this.name } }, options);
  }

  /** @internal The latest known version, for a resume. */
  get version(): number {
    return this.#roster.version;
  }

  /** @internal Handles a frame about this room. */
  receive(frame: ServerFrameJson): void {
    if (this.#closed !== undefined) return;
    if (frame.envelope) {
      const payload = decodePayload(frame.envelope);
      if (payload) this.#emitter.emit({ type: "envelope", from: frame.envelope.from ?? "", payload });
    } else if (frame.left) {
      this.close(frame.left.reason ?? "");
    } else {
      const changes = this.#changes(frame);
      // Before the first caller gets the room, its events tell what changed since the first answer.
      if (frame.joined && this.#claimed) this.#found = [...this.members.values()];
      for (const change of changes) this.#emitter.emit(change);
    }
  }

  /** @internal Reports a signal that was not delivered. */
  undeliverable(to: string, error: WigwagError): void {
    this.#emitter.emit({ type: "undeliverable", to, error });
  }

  /** @internal Reports a signal that could not be opened. */
  unopened(from: string, error: WigwagError): void {
    if (this.#closed === undefined) this.#emitter.emit({ type: "unopened", from, error });
  }

  /** @internal Ends the membership; `over`: the session ended, too. */
  close(reason: string, over?: WigwagError): void {
    if (this.#closed !== undefined) return;
    this.#over = over;
    this.#closed = reason;
    this.#emitter.emit({ type: "closed", reason });
    this.#emitter.end();
  }

  /** @internal Whether a caller has got this room and is responsible for leaving it. */
  get claimed(): boolean {
    return this.#claimed;
  }

  /** @internal Reports that a caller gets this room. */
  claim(): void {
    this.#claimed = true;
  }

  /** @internal Leaves the room, unless a join waits for its answer: then the membership becomes the one of its caller. */
  async giveBack(): Promise<void> {
    if (this.#closed !== undefined) return;
    this.#claimed = false;
    await this.#host.giveBack(this.name);
  }

  /** @internal */
  get backpressure(): Backpressure {
    return this.#emitter;
  }

  #memberHost(): RoomHost {
    if (this.#closed === undefined) return this.#host;
    if (this.#over) throw this.#over;
    throw new WigwagError("this session is no longer a member of the room: join again", {
      code: "FAILED_PRECONDITION",
      reason: "NOT_JOINED",
      metadata: { room: this.name },
    });
  }

  #changes(frame: ServerFrameJson): RosterChange[] {
    const { joined, roster, memberJoined, memberUpdated, memberLeft, roomUpdated } = frame;
    const known = this.#roster;
    const version = (joined ?? roster ?? memberJoined ?? memberUpdated ?? memberLeft ?? roomUpdated)?.version ?? 0;
    if (joined) return known.replace(version, joined.roomInfo, joined.members ?? [], joined.me);
    if (roster) return known.replace(version, roster.roomInfo, roster.members ?? []);
    if (memberJoined?.member) return known.joined(version, memberJoined.member);
    if (memberUpdated?.member) return known.updated(version, memberUpdated.member);
    if (memberLeft) return known.left(version, memberLeft.peerId ?? "", memberLeft.reason ?? "");
    if (roomUpdated) return known.changed(version, roomUpdated.roomInfo);
    return [];
  }
}
