import { Emitter, type EventOf, type EventsOptions, type Paced } from "./events.js";
import { WigwagError } from "./error.js";
import type { ClientBody } from "./session-core.js";
import type { EnvelopeJson } from "./gen/wigwag/v1/envelope_pb.js";
import type { JoinedJson, ServerFrameJson } from "./gen/wigwag/v1/frame_pb.js";
import { type Member, memberFrom, type RoomInfo, roomInfoFrom } from "./model.js";
import { decodePayload, encodePayload, type Payload, type ReceivedPayload } from "./payload.js";
import { comparePeerIds } from "./peer-id.js";
import { Roster, type RosterChange } from "./roster.js";

/** What happens in a room. */
export type RoomEvent =
  | RosterChange
  /** A signal from a member; `from` is empty when a backend sent it. */
  | { type: "envelope"; from: string; payload: ReceivedPayload }
  /**
   * A signal came that cannot be opened, in a room with a secret; it is never handed on as genuine. `error.reason`: NOT_SEALED
   * (its sender has no secret, or the server made it up), WRONG_KEY (another secret), SEAL_BROKEN (changed on the way, or not
   * for this peer, or not from that one), REPLAYED (repeated, or out of order) or SEAL_UNKNOWN (sealed by something newer).
   */
  | { type: "unopened"; from: string; error: WigwagError }
  /** A signal to a member could not be delivered, or not be confirmed; `error.reason` says why. */
  | { type: "undeliverable"; to: string; error: WigwagError }
  /**
   * This session's seat is gone. `reason` is LEFT, REMOVED, BANNED, REPLACED, FORBIDDEN or ENDED; or why the session
   * itself is gone. The last event of a room.
   */
  | { type: "closed"; reason: string };

/** What became of a signal whose receipt was asked for. */
export type Delivery =
  /** The receiver acknowledged it. */
  | "delivered"
  /** It was put on the connection of a receiver that does not acknowledge. */
  | "written";

/** Options of sending to one peer. */
export interface SendOptions {
  /** Wait until the server tells what became of the signal. Default: false. */
  receipt?: boolean;
  /** Gives up waiting. What is already numbered is sent all the same. */
  signal?: AbortSignal;
}

/** Options of a request. */
export interface RequestOptions {
  /** Gives up waiting for the answer. The server may have done what was asked all the same. */
  signal?: AbortSignal;
}

/** What a room needs of its session. */
export interface RoomHost {
  request(body: ClientBody, options?: RequestOptions): Promise<ServerFrameJson>;
  send(envelope: EnvelopeJson, options?: SendOptions): Promise<Delivery | undefined>;
}

/**
 * A room this session is a member of. Made by {@link Session.join} and {@link Session.createRoom}.
 *
 * Add listeners right after the join, in the same turn: nothing is handed out before.
 */
export class Room {
  /** The room's name. */
  readonly name: string;
  /** The room was made by this join. */
  readonly created: boolean;
  readonly #host: RoomHost;
  readonly #roster: Roster;
  readonly #emitter = new Emitter<RoomEvent>();
  #closed: string | undefined;
  /** The session itself is over, for this reason. */
  #over: WigwagError | undefined;
  #found: readonly Member[] = [];

  /** @internal */
  constructor(host: RoomHost, joined: JoinedJson) {
    this.name = joined.room ?? "";
    this.created = joined.created ?? false;
    this.#host = host;
    this.#roster = new Roster(roomInfoFrom(this.name, joined.roomInfo), memberFrom(joined.me ?? {}));
    this.#roster.replace(joined.version ?? 0, joined.roomInfo, joined.members ?? [], joined.me);
    this.#found = [...this.members.values()];
  }

  /** The other members by peer id, in the order in which they joined. Live: it follows the room. */
  get members(): ReadonlyMap<string, Member> {
    return this.#roster.members;
  }

  /**
   * The members who were there when this session last joined, in the order in which they joined; whoever finds another makes
   * the first offer.
   */
  get found(): readonly Member[] {
    return this.#found;
  }

  /** One's own entry. */
  get me(): Member {
    return this.#roster.me;
  }

  /** The room's own settings. */
  get info(): RoomInfo {
    return this.#roster.info;
  }

  /** This session's seat is gone. */
  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * Of two peers that negotiate a connection exactly one is polite: the one with the greater peer id. Whoever finds the
   * other in the room on joining makes the first offer.
   */
  isPolite(peerId: string): boolean {
    return comparePeerIds(this.me.peerId, peerId) > 0;
  }

  /** Calls `listener` with every event of that type. Returns a function that ends it. */
  on<T extends RoomEvent["type"]>(type: T, listener: (event: EventOf<RoomEvent, T>) => void): () => void {
    return this.#emitter.on(type, listener);
  }

  /** Every event from now on; ends after `closed`, or when the signal aborts. */
  events(options?: EventsOptions): AsyncIterableIterator<RoomEvent> {
    return this.#emitter.iterate(options);
  }

  /**
   * Sends a signal to one member, with a receipt: resolves with what became of it, and rejects with a
   * {@link WigwagError} when it cannot be delivered.
   */
  send(peerId: string, payload: Payload, options: SendOptions & { receipt: true }): Promise<Delivery>;
  /**
   * Sends a signal to one member. Resolves when the session has taken it, after which it is delivered in order or
   * reported by `undeliverable`. Waits while more than 1,024 signals or 1 MiB are unconfirmed. Rejects with NOT_JOINED,
   * FRAME_TOO_LARGE (64 KiB unless the server says otherwise), LIMIT_EXCEEDED (4,096 of them wait already), or CLOSED.
   */
  send(peerId: string, payload: Payload, options?: SendOptions): Promise<Delivery | undefined>;
  async send(peerId: string, payload: Payload, options?: SendOptions): Promise<Delivery | undefined> {
    return this.#seated().send({ room: this.name, to: peerId, ...encodePayload(payload) }, options);
  }

  /** Sends a signal to every other member. As {@link send} without a receipt. */
  async broadcast(payload: Payload, options?: RequestOptions): Promise<void> {
    await this.#seated().send({ room: this.name, ...encodePayload(payload) }, options);
  }

  /**
   * Changes one's own entry: a display name of at most 128 bytes, metadata of at most 4 KiB in all. Metadata is merged; an
   * empty value deletes its key. Rejects with NOT_JOINED or INVALID_FIELD; and, as every request, with RESET when the session
   * was lost before the answer came, and CLOSED.
   */
  async update(
    entry: { displayName?: string; metadata?: Record<string, string> },
    options?: RequestOptions,
  ): Promise<void> {
    await this.#seated().request({ updateMember: { room: this.name, ...entry } }, options);
    // The others are told by the server.
    for (const change of this.#roster.edited(entry)) this.#emitter.emit(change);
  }

  /**
   * Takes a member's seat away; a banned one may not return until the room ends. For the room's owner: else it rejects with
   * FORBIDDEN; with PEER_NOT_FOUND when there is no such member.
   */
  async remove(peerId: string, options: RequestOptions & { ban?: boolean } = {}): Promise<void> {
    await this.#seated().request({ removeMember: { room: this.name, peerId, ban: options.ban ?? false } }, options);
  }

  /** Ends the room for everybody. For the room's owner: else it rejects with FORBIDDEN. */
  async end(options?: RequestOptions): Promise<void> {
    await this.#seated().request({ endRoom: { room: this.name } }, options);
  }

  /** Leaves the room. Rejects with NOT_JOINED when the seat is gone already. */
  async leave(options?: RequestOptions): Promise<void> {
    await this.#seated().request({ leave: { room: this.name } }, options);
  }

  /** @internal The version as last heard, for a resume. */
  get version(): number {
    return this.#roster.version;
  }

  /** @internal Takes a frame about this room in. */
  receive(frame: ServerFrameJson): void {
    if (this.#closed !== undefined) return;
    if (frame.envelope) {
      const payload = decodePayload(frame.envelope);
      if (payload) this.#emitter.emit({ type: "envelope", from: frame.envelope.from ?? "", payload });
    } else if (frame.left) {
      this.close(frame.left.reason ?? "");
    } else {
      const changes = this.#changes(frame);
      if (frame.joined) this.#found = [...this.members.values()];
      for (const change of changes) this.#emitter.emit(change);
    }
  }

  /** @internal Tells of a signal that was not delivered. */
  undeliverable(to: string, error: WigwagError): void {
    this.#emitter.emit({ type: "undeliverable", to, error });
  }

  /** @internal Tells of a signal that could not be opened. */
  unopened(from: string, error: WigwagError): void {
    if (this.#closed === undefined) this.#emitter.emit({ type: "unopened", from, error });
  }

  /** @internal The seat is gone; `over`: and the session with it. */
  close(reason: string, over?: WigwagError): void {
    if (this.#closed !== undefined) return;
    this.#over = over;
    this.#closed = reason;
    this.#emitter.emit({ type: "closed", reason });
    this.#emitter.end();
  }

  /** @internal */
  get paced(): Paced {
    return this.#emitter;
  }

  #seated(): RoomHost {
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
