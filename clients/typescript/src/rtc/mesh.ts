import { Backoff } from "../backoff.js";
import { WigwagError } from "../error.js";
import type { EventOf, EventsOptions } from "../events.js";
import type { ReceivedPayload } from "../payload.js";
import type { Room } from "../room.js";
import type { JoinOptions, Session } from "../session.js";
import { BoundedEmitter } from "./bounded-emitter.js";
import type { ChannelOptions, PeerChannel } from "./channel.js";
import { type Claim, nonceIn, proofOf } from "./identity-channel.js";
import { KeptPeers } from "./kept-peers.js";
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
  /**
   * A peer came back under another id, now `peer.id`, after its session or this one was lost. Its connection, tracks and channels
   * were not interrupted. `before` is its former id.
   */
  | { type: "adopted"; peer: Peer; before: string }
  /** An error of a peer that is being recovered from. For logs. */
  | { type: "error"; peer: Peer; error: unknown }
  /**
   * The session was reset and the room joined again, with another own peer id. Peers whose connection still works are kept, and
   * reported as `adopted` when they are recognized under their new id; the others are closed and reported as new.
   */
  | { type: "rejoined"; room: Room }
  /**
   * The last event. Without an error, this peer left, or the room or the session ended as `reason` says; with one, the room could
   * not be joined again.
   */
  | { type: "closed"; reason: string; error: WigwagError | undefined };

/** Reasons of leaving that are meant, so that the connection is closed at once. After any other the peer may come back. */
const MEANT: ReadonlySet<string> = new Set(["LEFT", "REMOVED", "BANNED", "REPLACED", "FORBIDDEN", "ENDED"]);
/**
 * How long a member that may be a former peer is not offered a new connection, and in how many steps that is counted: after a time
 * in which the page could not run, the messages that came meanwhile are handled between two steps.
 */
const RECOGNIZE_MS = 8_000;
const STEPS = 8;

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
 * recovers failed connections, and joins the room again after the session was reset. Connections that work outlive the sessions
 * they were made with, for at most a minute: when both peers are back, under whatever ids, they continue.
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
  /** Peers that are not in the room at present; in {@link #peers} under their last id. */
  readonly #kept = new KeptPeers((peer) => {
    this.#remove(peer);
    this.#review();
  });
  /** Members that may be former peers: they have no connection until that is known. */
  readonly #unrecognized = new Map<string, { first: boolean; timer: ReturnType<typeof setTimeout> | undefined }>();
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
      room.on("joined", ({ member }) => this.#meet(member.peerId, false)),
      room.on("left", ({ member, reason }) => this.#lose(member.peerId, reason)),
      room.on("envelope", ({ from, payload }) => this.#signal(from, payload)),
      room.on("closed", ({ reason }) => {
        for (const off of detach) off();
        // Another peer id means that the session was reset.
        const ended = this.#closed || this.session.state === "closed" || this.session.peerId === own;
        for (const peerId of [...this.#unrecognized.keys(), ...this.#peers.keys()]) this.#lose(peerId, ended ? "ENDED" : reason);
        if (this.#closed) return;
        if (ended) this.#end(reason, undefined);
        else void this.#rejoin();
      }),
    ];
    this.#stop.signal.addEventListener("abort", () => detach.forEach((off) => off()), { once: true });
    for (const peer of this.#kept.all) peer.announce();
    // The peer that finds others in the room makes the first offer.
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
        for (const peer of this.#peers.values()) if (!this.#kept.has(peer)) this.#emitter.emit({ type: "peer", peer });
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

  /** A member is there: connects to it, unless it may be a former peer. `first`: it was there before. */
  #meet(peerId: string, first: boolean): void {
    const known = this.#peers.get(peerId);
    if (this.#closed || this.#unrecognized.has(peerId) || (known && !this.#kept.has(known))) return;
    for (const peer of this.#peers.values()) if (peer.claim?.peerId === peerId) this.#prove(peer.claim);
    if (!this.#mayBeKnown(peerId)) {
      this.#connect(peerId, first);
      return;
    }
    const wait = (steps: number): ReturnType<typeof setTimeout> =>
      setTimeout(() => {
        const waiting = this.#unrecognized.get(peerId);
        if (!waiting) return;
        if (steps > 1) waiting.timer = wait(steps - 1);
        else this.#connect(peerId, first, true);
      }, RECOGNIZE_MS / STEPS);
    // A member that joined later makes an offer if it is new.
    this.#unrecognized.set(peerId, { first, timer: first ? wait(STEPS) : undefined });
  }

  /** Connects to the members that cannot be former peers any more. */
  #review(): void {
    for (const [peerId, { first }] of [...this.#unrecognized]) {
      if (!this.#mayBeKnown(peerId)) this.#connect(peerId, first, true);
    }
  }

  /** Whether a member may be the other end of a connection that works: one that has not named another member. */
  #mayBeKnown(peerId: string): boolean {
    return [...this.#peers.values()].some((peer) => {
      const isAway = this.#kept.has(peer) || peer.member?.state === "reconnecting";
      const named = peer.claim?.peerId;
      // An end that has not noticed yet that its session is lost names an id that is gone.
      const isAnother = named !== undefined && named !== peerId && this.#room.members.has(named);
      return isAway && peer.canReturn && !isAnother;
    });
  }

  /** Opens a new connection to a member that is not a former peer. `late`: it was not recognized in time. */
  #connect(peerId: string, first: boolean, late = false): void {
    clearTimeout(this.#unrecognized.get(peerId)?.timer);
    this.#unrecognized.delete(peerId);
    const former = this.#peers.get(peerId);
    if (former) this.#remove(former);
    this.#addPeer(peerId, first, late || !first);
  }

  /** The other end of a connection says that it has this peer id: proves to that peer who we are. */
  #claimed(peer: Peer, claim: Claim): void {
    if (this.#room.members.has(claim.peerId)) this.#prove(claim);
    this.#adoptIfRecognized(peer);
    this.#review();
  }

  #prove({ peerId, nonce }: Claim): void {
    // A failure is reported by the events of the room: it is closed, or the member left.
    void this.#room.send(peerId, proofOf(nonce)).catch(() => undefined);
  }

  #signal(from: string, payload: ReceivedPayload): void {
    const nonce = nonceIn(payload);
    if (nonce !== undefined) {
      const peer = [...this.#peers.values()].find((known) => known.returned(nonce, from));
      if (peer) this.#adoptIfRecognized(peer);
    } else if (this.#unrecognized.has(from) && "description" in payload && payload.description.type === "offer") {
      // It offers a new connection, so it is not the other end of one.
      this.#connect(from, false, true);
      this.#peers.get(from)?.receive(payload);
    }
  }

  #adoptIfRecognized(peer: Peer): void {
    const peerId = peer.recognized;
    if (peerId === undefined || !this.#room.members.has(peerId)) return;
    // Both ends may have begun, so that a peer is recognized twice.
    if (peer.id !== peerId || this.#kept.has(peer)) this.#adopt(peer, peerId);
  }

  /** The other end of a connection is this member. */
  #adopt(peer: Peer, peerId: string): void {
    const other = this.#peers.get(peerId);
    if (other && other !== peer && other.state === "connected") {
      // Both ends have a newer connection that works.
      this.#remove(peer);
      return;
    }
    clearTimeout(this.#unrecognized.get(peerId)?.timer);
    this.#unrecognized.delete(peerId);
    if (other && other !== peer) this.#remove(other);
    this.#kept.release(peer);
    const before = peer.id;
    // Under its new id, at its old place.
    const peers = [...this.#peers.values()];
    this.#peers.clear();
    for (const one of peers) this.#peers.set(one === peer ? peerId : one.id, one);
    peer.adopt(this.#room, peerId);
    if (before !== peerId) this.#emitter.emit({ type: "adopted", peer, before });
    this.#review();
  }

  /** A member is gone, or this session is. Keeps the connection if it works and the member may come back. */
  #lose(peerId: string, reason: string): void {
    clearTimeout(this.#unrecognized.get(peerId)?.timer);
    this.#unrecognized.delete(peerId);
    const peer = this.#peers.get(peerId);
    if (!peer) return;
    if (MEANT.has(reason) || !peer.canReturn) this.#remove(peer);
    else this.#kept.add(peer);
  }

  #remove(peer: Peer): void {
    this.#kept.release(peer);
    if (this.#peers.get(peer.id) === peer) this.#peers.delete(peer.id);
    peer.close();
  }

  /** `told`: the application does not find it in `peers` by itself. */
  #addPeer(peerId: string, first: boolean, told: boolean): void {
    const peer = new Peer(this.session, this.#room, peerId, { ...this.#options, first }, {
      identity: () => {
        const { state, peerId } = this.session;
        return this.#room.closed || state !== "connected" ? undefined : { room: this.#name, peerId };
      },
      claimed: (peer, claim) => this.#claimed(peer, claim),
    });
    this.#peers.set(peerId, peer);
    peer.on("state", ({ state, before }) => this.#emitter.emit({ type: "peerState", peer, state, before }));
    peer.on("track", (event) => this.#emitter.emit({ ...event, peer }));
    peer.on("trackEnded", (event) => this.#emitter.emit({ ...event, peer }));
    peer.on("channel", ({ channel }) => this.#emitter.emit({ type: "channel", peer, channel }));
    peer.on("error", ({ error }) => this.#emitter.emit({ type: "error", peer, error }));
    // No event for members found on joining: `peers` has them before listeners can be added.
    if (told) this.#emitter.emit({ type: "peer", peer });
    for (const [track, streams] of this.#tracks) peer.addTrack(track, ...streams);
    for (const channel of this.#channels.values()) channel.add(peer);
  }

  #end(reason: string, error: WigwagError | undefined): void {
    this.#closed = true;
    this.#stop.abort();
    for (const { timer } of this.#unrecognized.values()) clearTimeout(timer);
    this.#unrecognized.clear();
    for (const peer of [...this.#peers.values()]) this.#remove(peer);
    this.#emitter.emit({ type: "closed", reason, error });
    this.#emitter.end();
    for (const channel of this.#channels.values()) channel.end();
  }
}
