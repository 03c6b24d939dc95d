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

/** An event of a mesh. Events of one peer are in order. */
export type MeshEvent =
  /** A peer joined, and a connection to it is being opened. */
  | { type: "peer"; peer: Peer }
  /** The state of the connection to a peer changed. The last one is `closed`, when it left. */
  | { type: "peerState"; peer: Peer; state: RTCPeerConnectionState; before: RTCPeerConnectionState }
  /** A peer started to send a track. */
  | ({ type: "track"; peer: Peer } & ReceivedTrack)
  /** A peer stopped sending a track. */
  | ({ type: "trackEnded"; peer: Peer } & ReceivedTrack)
  /** A peer opened a channel that was not opened here. Listeners added now get every message. */
  | { type: "channel"; peer: Peer; channel: PeerChannel }
  /** An error of a peer that is being recovered from. For logs. */
  | { type: "error"; peer: Peer; error: unknown }
  /** The session was reset and the room joined again, with another own peer id and new peers. */
  | { type: "rejoined"; room: Room }
  /**
   * The last event. Without an error, this peer left, or the room or the session ended as `reason` says; with one, the room could
   * not be joined again.
   */
  | { type: "closed"; reason: string; error: WigwagError | undefined };

/** The number of open meshes of each room: a room joined twice is one membership, which the last mesh gives back. */
const meshes = new WeakMap<Room, number>();

/** Options of a mesh. All are optional. */
export interface MeshOptions extends JoinOptions, Omit<PeerOptions, "first"> {}

/** Options of closing a mesh. */
export interface MeshCloseOptions {
  /** Also leave the room. Default: true. The other peers keep offering connections to a member without a mesh. */
  leave?: boolean;
}

/**
 * A full mesh: a connection to each member of a room, with the same tracks and channels for all. It follows joins and leaves,
 * recovers failed connections, and joins the room again after the session was reset.
 *
 *     const mesh = await Mesh.join(session, "demo");
 *     const chat = mesh.channel("chat");
 *     chat.on("message", ({ peer, data }) => console.log(peer.member?.displayName, data));
 *
 * Add listeners, tracks and channels right after the `await`, in the same turn of the event loop: `peers` has the members already,
 * and negotiation starts later.
 *
 * Each peer sends its media to every other one. Depending on the uplinks that works for four to eight members.
 */
export class Mesh {
  /** The session of the mesh. */
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
   * Joins a room, if this session is not a member already, and connects to its members. Rejects as {@link Session.join} does, and
   * with UNSUPPORTED if there is no `RTCPeerConnection`. The signal aborts joining.
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

  /** The room. After a reset it is another object. */
  get room(): Room {
    return this.#room;
  }

  /** The other peers by id, in the order in which they joined. Live. */
  get peers(): ReadonlyMap<string, Peer> {
    return this.#peers;
  }

  /** The tracks sent to every peer, and their streams. */
  get tracks(): ReadonlyMap<MediaStreamTrack, readonly MediaStream[]> {
    return this.#tracks;
  }

  /** Whether the mesh was closed, or the room or the session ended. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Calls `listener` with every event of this type. Returns a function that removes the listener. */
  on<T extends MeshEvent["type"]>(type: T, listener: (event: EventOf<MeshEvent, T>) => void): () => void {
    return this.#emitter.on(type, listener);
  }

  /** Returns every event from now on; ends after `closed`, or when the signal aborts. Throws SLOW_CONSUMER at 256 unread events. */
  events(options?: EventsOptions): AsyncIterableIterator<MeshEvent> {
    return this.#emitter.iterate(options);
  }

  /** Returns the channel of that name with every peer, including those that join later. */
  channel(name: string, options: ChannelOptions = {}): MeshChannel {
    const known = this.#channels.get(name);
    if (known) return known;
    const channel = new MeshChannel(name, options);
    this.#channels.set(name, channel);
    for (const peer of this.#peers.values()) channel.add(peer);
    return channel;
  }

  /** Sends a track to every peer, including those that join later. Tracks that belong together share a stream. */
  addTrack(track: MediaStreamTrack, ...streams: MediaStream[]): void {
    if (this.#closed || this.#tracks.has(track)) return;
    this.#tracks.set(track, streams);
    for (const peer of this.#peers.values()) peer.addTrack(track, ...streams);
  }

  /** Stops sending a track. The track itself continues: stop it where it was created. */
  removeTrack(track: MediaStreamTrack): void {
    this.#tracks.delete(track);
    for (const peer of this.#peers.values()) peer.removeTrack(track);
  }

  /**
   * Replaces a track by another one of the same kind, for instance another camera or the screen, without negotiation: the other
   * peers see the same stream.
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
    const others = (meshes.get(room) ?? 1) - 1;
    meshes.set(room, others);
    // Another mesh of this room, or one that is being joined, keeps the membership.
    if (leave && others === 0) await room.giveBack();
  }

  #enter(room: Room): void {
    this.#room = room;
    meshes.set(room, (meshes.get(room) ?? 0) + 1);
    const own = this.session.peerId;
    const detach = [
      room.on("joined", ({ member }) => this.#addPeer(member.peerId, false)),
      room.on("left", ({ member }) => this.#removePeer(member.peerId)),
      room.on("closed", ({ reason }) => {
        for (const off of detach) off();
        for (const peerId of [...this.#peers.keys()]) this.#removePeer(peerId);
        if (this.#closed) return;
        // Another peer id means that the session was reset.
        if (this.session.state === "closed" || this.session.peerId === own) this.#end(reason, undefined);
        else void this.#rejoin();
      }),
    ];
    this.#stop.signal.addEventListener("abort", () => detach.forEach((off) => off()), { once: true });
    // The peer that finds others in the room makes the first offer.
    for (const peerId of room.members.keys()) this.#addPeer(peerId, true);
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
        // RESET is retryable: the session was reset again meanwhile.
        if (!known?.retryable || this.session.state === "closed") {
          this.#end(known?.reason ?? "INTERNAL", known);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, backoff.next(known.retryAfterMs)));
      }
    }
  }

  #addPeer(peerId: string, first: boolean): void {
    if (this.#closed || this.#peers.has(peerId)) return;
    const peer = new Peer(this.session, this.#room, peerId, { ...this.#options, first });
    this.#peers.set(peerId, peer);
    peer.on("state", ({ state, before }) => this.#emitter.emit({ type: "peerState", peer, state, before }));
    peer.on("track", (event) => this.#emitter.emit({ ...event, peer }));
    peer.on("trackEnded", (event) => this.#emitter.emit({ ...event, peer }));
    peer.on("channel", ({ channel }) => this.#emitter.emit({ type: "channel", peer, channel }));
    peer.on("error", ({ error }) => this.#emitter.emit({ type: "error", peer, error }));
    // No event for members found on joining: `peers` has them before listeners can be added.
    if (!first) this.#emitter.emit({ type: "peer", peer });
    for (const [track, streams] of this.#tracks) peer.addTrack(track, ...streams);
    for (const channel of this.#channels.values()) channel.add(peer);
  }

  #removePeer(peerId: string): void {
    const peer = this.#peers.get(peerId);
    this.#peers.delete(peerId);
    peer?.close();
  }

  #end(reason: string, error: WigwagError | undefined): void {
    this.#closed = true;
    this.#stop.abort();
    for (const peerId of [...this.#peers.keys()]) this.#removePeer(peerId);
    this.#emitter.emit({ type: "closed", reason, error });
    this.#emitter.end();
    for (const channel of this.#channels.values()) channel.end();
  }
}
