import { Backoff } from "../backoff.js";
import { WigwagError } from "../error.js";
import type { EventOf, EventsOptions } from "../events.js";
import type { Room } from "../room.js";
import type { JoinOptions, Session } from "../session.js";
import { BoundedEmitter } from "./bounded-emitter.js";
import type { ChannelOptions, PeerChannel } from "./channel.js";
import { MeshChannel } from "./mesh-channel.js";
import { Peer, type PeerOptions } from "./peer.js";
import { peerConnectionConstructor } from "./platform.js";
import type { ReceivedTrack } from "./tracks.js";

/** What happens in a mesh. Events of one peer come in the order in which they happened. */
export type MeshEvent =
  /** A member is there, and a connection to it is being made. */
  | { type: "peer"; peer: Peer }
  /** The connection to a peer is in another state. The last one is `closed`: it left. */
  | { type: "peerState"; peer: Peer; state: RTCPeerConnectionState; before: RTCPeerConnectionState }
  /** A peer sends a track. */
  | ({ type: "track"; peer: Peer } & ReceivedTrack)
  /** A peer does not send that track any more. */
  | ({ type: "trackEnded"; peer: Peer } & ReceivedTrack)
  /** A peer opened a channel that nobody asked for here. Listeners added now miss no message. */
  | { type: "channel"; peer: Peer; channel: PeerChannel }
  /** Something went wrong with a peer that is being mended. For logs. */
  | { type: "error"; peer: Peer; error: unknown }
  /** The session was reset, and the room joined again: another own peer id, and new peers. */
  | { type: "rejoined"; room: Room }
  /**
   * The last event. Without an error this side left, or the room or the session ended as `reason` says; with one the room
   * could not be joined again.
   */
  | { type: "closed"; reason: string; error: WigwagError | undefined };

/** How to connect to everybody in a room. All of it may be left out. */
export interface MeshOptions extends JoinOptions, Omit<PeerOptions, "first"> {}

/** How to close a mesh. */
export interface MeshCloseOptions {
  /** Leave the room as well. Default: true. Who stays without a mesh is still offered connections by the others. */
  leave?: boolean;
}

/**
 * Everyone to everyone: a connection to each member of a room, with the same tracks and channels for all. It follows the
 * room, brings failed connections back, and joins again when the session was reset.
 *
 *     const mesh = await Mesh.join(session, "demo");
 *     const chat = mesh.channel("chat");
 *     chat.on("message", ({ peer, data }) => console.log(peer.member?.displayName, data));
 *
 * Add listeners, tracks and channels right behind the `await`, in the same turn: peers are in `peers` already, and
 * negotiation begins after it.
 *
 * Each peer sends its media to each other one: that carries some four to eight members, by their uplinks.
 */
export class Mesh {
  /** The session the mesh lives in. */
  readonly session: Session;
  readonly #name: string;
  readonly #options: MeshOptions;
  readonly #emitter = new BoundedEmitter<MeshEvent>();
  readonly #peers = new Map<string, Peer>();
  readonly #channels = new Map<string, MeshChannel>();
  readonly #tracks = new Map<MediaStreamTrack, readonly MediaStream[]>();
  readonly #stop = new AbortController();
  #room: Room;
  #closed = false;

  /**
   * Joins a room and connects to its members; a room this session is in already is used as it is. Rejects as
   * {@link Session.join} does, and with UNSUPPORTED where there is no `RTCPeerConnection`. The signal gives up joining.
   */
  static async join(session: Session, room: string, options: MeshOptions = {}): Promise<Mesh> {
    peerConnectionConstructor(options.RTCPeerConnection);
    return new Mesh(session, await session.join(room, options), options);
  }

  private constructor(session: Session, room: Room, options: MeshOptions) {
    this.session = session;
    this.#name = room.name;
    const { signal: _, ...kept } = options;
    this.#options = kept;
    this.#room = room;
    this.#enter(room);
  }

  /** The room. After a reset it is another one. */
  get room(): Room {
    return this.#room;
  }

  /** The others by peer id, in the order in which they joined. Live. */
  get peers(): ReadonlyMap<string, Peer> {
    return this.#peers;
  }

  /** The tracks that are sent to everybody, and their streams. */
  get tracks(): ReadonlyMap<MediaStreamTrack, readonly MediaStream[]> {
    return this.#tracks;
  }

  /** Left, or the room or the session is over. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Calls `listener` with every event of that type. Returns a function that ends it. */
  on<T extends MeshEvent["type"]>(type: T, listener: (event: EventOf<MeshEvent, T>) => void): () => void {
    return this.#emitter.on(type, listener);
  }

  /** Every event from now on; ends after `closed`, or when the signal aborts. Throws SLOW_CONSUMER when 256 wait unread. */
  events(options?: EventsOptions): AsyncIterableIterator<MeshEvent> {
    return this.#emitter.iterate(options);
  }

  /** The channel of that name with everybody who is there or comes; the same one for the same name. */
  channel(name: string, options: ChannelOptions = {}): MeshChannel {
    const known = this.#channels.get(name);
    if (known) return known;
    const channel = new MeshChannel(name, options);
    this.#channels.set(name, channel);
    for (const peer of this.#peers.values()) channel.add(peer);
    return channel;
  }

  /** Sends a track to everybody who is there or comes. What belongs together names the same stream. */
  addTrack(track: MediaStreamTrack, ...streams: MediaStream[]): void {
    if (this.#closed || this.#tracks.has(track)) return;
    this.#tracks.set(track, streams);
    for (const peer of this.#peers.values()) peer.addTrack(track, ...streams);
  }

  /** Does not send a track any more. The track itself goes on: stop it where it was made. */
  removeTrack(track: MediaStreamTrack): void {
    this.#tracks.delete(track);
    for (const peer of this.#peers.values()) peer.removeTrack(track);
  }

  /**
   * Sends another track of the same kind in the place of one: another camera, or the screen. Nothing is negotiated, and
   * the others see the same stream with another picture.
   */
  async replaceTrack(track: MediaStreamTrack, by: MediaStreamTrack): Promise<void> {
    const streams = this.#tracks.get(track);
    if (!streams || track === by) return;
    this.#tracks.delete(track);
    this.#tracks.set(by, streams);
    await Promise.all([...this.#peers.values()].map((peer) => peer.replaceTrack(track, by)));
  }

  /** Closes every connection and leaves the room. */
  async close({ leave = true }: MeshCloseOptions = {}): Promise<void> {
    if (this.#closed) return;
    const room = this.#room;
    this.#end("LEFT", undefined);
    // A room that is gone by now needs no leaving.
    if (leave) await room.leave().catch(() => undefined);
  }

  #enter(room: Room): void {
    this.#room = room;
    const own = this.session.peerId;
    const detach = [
      room.on("joined", ({ member }) => this.#meet(member.peerId, false)),
      room.on("left", ({ member }) => this.#part(member.peerId)),
      room.on("closed", ({ reason }) => {
        for (const off of detach) off();
        for (const peerId of [...this.#peers.keys()]) this.#part(peerId);
        if (this.#closed) return;
        // Another peer id: the session was reset.
        if (this.session.state === "closed" || this.session.peerId === own) this.#end(reason, undefined);
        else void this.#rejoin();
      }),
    ];
    this.#stop.signal.addEventListener("abort", () => detach.forEach((off) => off()), { once: true });
    // Who finds others in the room makes the first offer.
    for (const peerId of room.members.keys()) this.#meet(peerId, true);
  }

  async #rejoin(): Promise<void> {
    const backoff = new Backoff();
    while (!this.#closed) {
      try {
        const room = await this.session.join(this.#name, { ...this.#options, signal: this.#stop.signal });
        if (this.#closed) return;
        this.#enter(room);
        this.#emitter.emit({ type: "rejoined", room });
        for (const peer of this.#peers.values()) this.#emitter.emit({ type: "peer", peer });
        return;
      } catch (error) {
        if (this.#closed) return;
        const known = error instanceof WigwagError ? error : undefined;
        // A reset while this waited is retryable: the session is another one again.
        if (!known?.retryable || this.session.state === "closed") {
          this.#end(known?.reason ?? "INTERNAL", known);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, backoff.next(known.retryAfterMs)));
      }
    }
  }

  #meet(peerId: string, first: boolean): void {
    if (this.#closed || this.#peers.has(peerId)) return;
    const peer = new Peer(this.session, this.#room, peerId, { ...this.#options, first });
    this.#peers.set(peerId, peer);
    peer.on("state", ({ state, before }) => this.#emitter.emit({ type: "peerState", peer, state, before }));
    peer.on("track", (event) => this.#emitter.emit({ ...event, peer }));
    peer.on("trackEnded", (event) => this.#emitter.emit({ ...event, peer }));
    peer.on("channel", ({ channel }) => this.#emitter.emit({ type: "channel", peer, channel }));
    peer.on("error", ({ error }) => this.#emitter.emit({ type: "error", peer, error }));
    // Found on joining: `peers` has them before anybody can listen.
    if (!first) this.#emitter.emit({ type: "peer", peer });
    for (const [track, streams] of this.#tracks) peer.addTrack(track, ...streams);
    for (const channel of this.#channels.values()) channel.add(peer);
  }

  #part(peerId: string): void {
    const peer = this.#peers.get(peerId);
    this.#peers.delete(peerId);
    peer?.close();
  }

  #end(reason: string, error: WigwagError | undefined): void {
    this.#closed = true;
    this.#stop.abort();
    for (const peerId of [...this.#peers.keys()]) this.#part(peerId);
    this.#emitter.emit({ type: "closed", reason, error });
    this.#emitter.end();
    for (const channel of this.#channels.values()) channel.end();
  }
}
