import type { EventOf, EventsOptions } from "../events.js";
import type { Member } from "../model.js";
import type { ReceivedPayload } from "../payload.js";
import type { Room } from "../room.js";
import type { Session } from "../session.js";
import { BoundedEmitter } from "./bounded-emitter.js";
import { type ChannelOptions, PeerChannel } from "./channel.js";
import { Connection } from "./connection.js";
import { type Claim, IdentityChannel } from "./identity-channel.js";
import { peerConnectionConstructor, type RTCPeerConnectionConstructor } from "./platform.js";
import { Recovery } from "./recovery.js";
import { readRole } from "./tag.js";
import { type ReceivedTrack, ReceivedTracks, SentTracks } from "./tracks.js";

/** An event of the connection to a peer. */
export type PeerEvent =
  /** The state of the connection changed. It is `new` again when the connection was replaced. */
  | { type: "state"; state: RTCPeerConnectionState; before: RTCPeerConnectionState }
  /** The other peer started to send a track. */
  | ({ type: "track" } & ReceivedTrack)
  /** The other peer stopped sending a track. */
  | ({ type: "trackEnded" } & ReceivedTrack)
  /** The other peer opened a channel that was not opened here. Listeners added now get every message. */
  | { type: "channel"; channel: PeerChannel }
  /**
   * The other end came back under another peer id, now {@link Peer.id}, after its session or this one was lost; `before` is the
   * former id. The connection was not interrupted: tracks and channels stay.
   */
  | { type: "adopted"; before: string }
  /** An error that is being recovered from: the browser refused a description, for instance. For logs. */
  | { type: "error"; error: unknown }
  /** The last event: the connection was closed here, or the member left. */
  | { type: "closed" };

/** Options of a connection to a peer. All are optional. */
export interface PeerOptions {
  /** Configuration of the `RTCPeerConnection`. Its `iceServers` are added to those of the session, which are kept up to date. */
  configuration?: RTCConfiguration | undefined;
  /** The `RTCPeerConnection` class. Default: the platform's; Node has none, React Native has one in a package. */
  RTCPeerConnection?: RTCPeerConnectionConstructor | undefined;
  /**
   * Whether this peer makes the first offer. Default: true. Pass false for a member that joined later, since it finds this one in
   * the room and offers. If both offer, the connection is only established more slowly.
   */
  first?: boolean | undefined;
}

/** What a mesh does for its peers. */
export interface PeerOwner {
  /** The present room and own peer id; undefined while this session is in no room. */
  identity(): { readonly room: string; readonly peerId: string } | undefined;
  /** The other end of a connection says what its peer id is. */
  claimed(peer: Peer, claim: Claim): void;
}

/** Counts the peers. */
let made = 0;

/**
 * The connection to one other member of a room, which negotiates, recovers when it fails, and has channels by name. {@link Mesh}
 * creates one for each member; create one directly to connect to a single member.
 *
 * It lasts until it is closed or the member leaves: create another one for a member that returns. Add listeners, tracks and
 * channels right after the constructor, in the same turn of the event loop: negotiation starts later.
 */
export class Peer {
  /** Identifies this object for as long as it lives, for instance as the `key` of a React element. The {@link id} may change. */
  readonly key = `peer-${(made += 1)}`;
  #id: string;
  #room: Room;
  readonly #session: Session;
  readonly #options: PeerOptions;
  readonly #make: RTCPeerConnectionConstructor;
  readonly #emitter = new BoundedEmitter<PeerEvent>();
  readonly #channels = new Map<string, { channel: PeerChannel; options: ChannelOptions; asked: boolean }>();
  readonly #sent: SentTracks;
  readonly #received: ReceivedTracks;
  readonly #recovery: Recovery;
  readonly #identity: IdentityChannel;
  /** What a mesh does for its peers; undefined for a peer that the application created. */
  readonly #owner: PeerOwner | undefined;
  #detach: Array<() => void>;
  /** Fixed for the life of a connection: peer ids may change meanwhile. */
  #polite: boolean;
  /** The other peer is not in the room at present, so that nothing can be sent to it. */
  #kept = false;
  #member: Member | undefined;
  #connection: Connection;
  #state: RTCPeerConnectionState = "new";
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  /** Connects to a member of a room this session has joined. Throws UNSUPPORTED if there is no `RTCPeerConnection`. */
  constructor(session: Session, room: Room, peerId: string, options?: PeerOptions);
  /** @internal */
  constructor(session: Session, room: Room, peerId: string, options: PeerOptions, owner: PeerOwner);
  constructor(session: Session, room: Room, peerId: string, options: PeerOptions = {}, owner?: PeerOwner) {
    this.#id = peerId;
    this.#owner = owner;
    this.#session = session;
    this.#room = room;
    this.#options = options;
    this.#make = peerConnectionConstructor(options.RTCPeerConnection);
    this.#member = room.members.get(peerId);
    const actions = { restart: () => this.#connection.restart(), rebuild: () => this.#rebuild(true) };
    this.#polite = room.isPolite(peerId);
    const isPolite = () => this.#polite;
    const reachable = () => !this.#kept && session.state === "connected" && this.#member?.state === "online";
    this.#recovery = new Recovery({ ...actions, get polite() { return isPolite(); }, get reachable() { return reachable(); } });
    this.#identity = new IdentityChannel({
      identity: () => owner?.identity(),
      claimed: (claim) => owner?.claimed(this, claim),
    });
    this.#received = new ReceivedTracks({
      began: (track) => this.#emitter.emit({ type: "track", ...track }),
      ended: (track) => this.#emitter.emit({ type: "trackEnded", ...track }),
    });
    this.#connection = this.#connect(options.first ?? true);
    this.#sent = new SentTracks(this.#connection.rtc);
    this.#detach = this.#listen();
  }

  /** The other peer's id. It changes only with an `adopted` event. */
  get id(): string {
    return this.#id;
  }

  /** The latest known entry of the other member. */
  get member(): Member | undefined {
    return this.#member;
  }

  /** The state of the connection. */
  get state(): RTCPeerConnectionState {
    return this.#state;
  }

  /** Whether the connection was closed here, or the member left. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The `RTCPeerConnection`, for statistics and the like. Another object after the connection was replaced. */
  get rtc(): RTCPeerConnection {
    return this.#connection.rtc;
  }

  /** The tracks the other peer sends. */
  get tracks(): ReadonlyMap<MediaStreamTrack, ReceivedTrack> {
    return this.#received.all;
  }

  /** The channels by name. */
  get channels(): ReadonlyMap<string, PeerChannel> {
    return new Map([...this.#channels].map(([name, { channel }]) => [name, channel]));
  }

  /** Calls `listener` with every event of this type. Returns a function that removes the listener. */
  on<T extends PeerEvent["type"]>(type: T, listener: (event: EventOf<PeerEvent, T>) => void): () => void {
    return this.#emitter.on(type, listener);
  }

  /** Returns every event from now on; ends after `closed`, or when the signal aborts. Throws SLOW_CONSUMER at 256 unread events. */
  events(options?: EventsOptions): AsyncIterableIterator<PeerEvent> {
    return this.#emitter.iterate(options);
  }

  /** Returns the channel of that name, the same for both peers; opens it if there is none. The options apply to sending. */
  channel(name: string, options: ChannelOptions = {}): PeerChannel {
    const known = this.#channels.get(name);
    if (known) return known.channel;
    const channel = this.#newChannel(name, options, true);
    if (this.#closed) channel.end();
    else channel.open(this.#connection.rtc.createDataChannel(name, options));
    return channel;
  }

  /** Sends a track; tracks that belong together share a stream. No effect on a track that is sent already. */
  addTrack(track: MediaStreamTrack, ...streams: MediaStream[]): void {
    if (!this.#closed) this.#sent.add(track, streams);
  }

  /** Stops sending a track. */
  removeTrack(track: MediaStreamTrack): void {
    if (!this.#closed) this.#sent.remove(track);
  }

  /** Replaces a track by another one of the same kind, without negotiation: another camera, or the screen. */
  async replaceTrack(track: MediaStreamTrack, by: MediaStreamTrack): Promise<void> {
    if (!this.#closed) await this.#sent.replace(track, by);
  }

  /** Closes the connection. For the other peer it fails, until this peer leaves the room or opens another one. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const detach of this.#detach) detach();
    this.#recovery.close();
    this.#connection.close();
    for (const { channel } of [...this.#channels.values()]) channel.end();
    this.#received.clear();
    this.#setState("closed");
    this.#emitter.emit({ type: "closed" });
    this.#emitter.end();
  }

  /** @internal What the other end says its peer id is, if it has said so since it was recognized. */
  get claim(): Claim | undefined {
    return this.#identity.claim;
  }

  /** @internal Whether the connection works and its other end can be recognized under another peer id. */
  get canReturn(): boolean {
    return !this.#closed && this.#state === "connected" && this.#identity.isOpen;
  }

  /** @internal A peer returned this secret; true if it is that of this connection. */
  returned(nonce: string, by: string): boolean {
    return !this.#closed && this.#identity.returned(nonce, by);
  }

  /** @internal The id of the peer that is the other end of this connection, once that is proved. */
  get recognized(): string | undefined {
    return this.#identity.recognized;
  }

  /** @internal Tells the other end the own peer id. */
  announce(): void {
    if (!this.#closed) this.#identity.announce();
  }

  /** @internal Keeps the connection although the other peer is not in the room at present. */
  keep(): void {
    this.#kept = true;
  }

  /** @internal Continues the connection with the member that its other end has become. */
  adopt(room: Room, peerId: string): void {
    const before = this.#id;
    for (const detach of this.#detach) detach();
    this.#id = peerId;
    this.#room = room;
    this.#member = room.members.get(peerId);
    this.#kept = false;
    this.#detach = this.#listen();
    this.#identity.forget();
    this.#configure();
    this.#connection.repeat();
    this.#recovery.reachable();
    if (before !== peerId) this.#emitter.emit({ type: "adopted", before });
  }

  /** @internal Handles a signal of the other peer. */
  receive(payload: ReceivedPayload): void {
    this.#receive(payload);
  }

  #configure(): void {
    try {
      this.rtc.setConfiguration(this.#configuration());
    } catch (error) {
      this.#emitter.emit({ type: "error", error });
    }
  }

  #listen(): Array<() => void> {
    return [
      this.#room.on("envelope", ({ from, payload }) => from === this.id && this.#receive(payload)),
      this.#room.on("updated", ({ member }) => member.peerId === this.id && this.#updated(member)),
      this.#room.on("left", ({ member }) => !this.#owner && member.peerId === this.id && this.close()),
      this.#room.on("undeliverable", ({ to }) => to === this.id && this.#undeliverable()),
      this.#room.on("closed", () => !this.#owner && this.close()),
      this.#session.on("ice-servers", () => this.#configure()),
      this.#session.on("resumed", () => {
        // The server's welcome has fresh credentials.
        this.#configure();
        this.#recovery.reachable();
      }),
    ];
  }

  #connect(first: boolean): Connection {
    const rtc = new this.#make(this.#configuration());
    const isPolite = () => this.#polite;
    const statesRole = () => this.#polite !== this.#room.isPolite(this.#id);
    const connection: Connection = new Connection(
      rtc,
      {
        get polite() { return isPolite(); },
        get statesRole() { return statesRole(); },
        // A failure is reported by the events of the room: it is closed, or the member left.
        send: (payload) => {
          if (!this.#kept) void this.#room.send(this.id, payload).catch(() => undefined);
        },
        failed: (error) => this.#refused(error),
        settled: () => {
          this.#received.settled();
          this.#recovery.settled();
        },
      },
      first,
    );
    rtc.addEventListener("connectionstatechange", () => {
      if (this.#connection === connection) this.#setState(rtc.connectionState);
    });
    rtc.addEventListener("track", (event) => this.#received.began(event));
    rtc.addEventListener("datachannel", ({ channel }) => this.#opened(channel));
    this.#identity.close();
    // It also makes sure that there is something to negotiate, since the other peer waits for the first offer.
    if (first) this.#identity.open(rtc);
    return connection;
  }

  #configuration(): RTCConfiguration {
    const { configuration } = this.#options;
    return { ...configuration, iceServers: [...this.#session.iceServers, ...(configuration?.iceServers ?? [])] };
  }

  #setState(state: RTCPeerConnectionState): void {
    const before = this.#state;
    if (state === before) return;
    this.#state = state;
    this.#recovery.changed(state);
    this.#emitter.emit({ type: "state", state, before });
  }

  /** Handles signals one after the other. */
  #receive(payload: ReceivedPayload): void {
    this.#work = this.#work
      .then(async () => {
        if (this.#closed) return;
        if ("candidate" in payload) await this.#connection.candidate(payload.candidate);
        else if ("description" in payload) {
          const { type, sdp = "" } = payload.description;
          const outcome = await this.#connection.description(payload.description);
          if (this.#closed) return;
          if (outcome === "replaced") {
            const role = readRole(sdp);
            this.#polite = role === undefined ? this.#room.isPolite(this.#id) : !role;
            this.#rebuild(false);
            await this.#connection.description(payload.description);
          }
          if (type === "offer" && isOfThisClient(sdp)) this.#openIdentity();
        }
      })
      .catch((error: unknown) => this.#refused(error));
  }

  #refused(error: unknown): void {
    if (this.#closed) return;
    this.#emitter.emit({ type: "error", error });
    this.#recovery.refused();
  }

  #updated(member: Member): void {
    const back = this.#member?.state === "reconnecting" && member.state === "online";
    this.#member = member;
    if (back) this.#recovery.reachable();
  }

  #undeliverable(): void {
    this.#connection.acceptRepeats();
    this.#recovery.lost();
  }

  /** Replaces the `RTCPeerConnection`, and sets up its tracks and channels again. */
  #rebuild(first: boolean): void {
    if (this.#closed) return;
    for (const { channel } of this.#channels.values()) channel.detach();
    this.#received.clear();
    this.#connection.close();
    this.#connection = this.#connect(first);
    this.#setState("new");
    const { rtc } = this.#connection;
    this.#sent.move(rtc);
    for (const [name, { channel, options, asked }] of this.#channels) {
      if (asked) channel.open(rtc.createDataChannel(name, options));
    }
  }

  /** Opens the channel of an end that did not make the first offer. */
  #openIdentity(): void {
    if (!this.#closed && !this.#identity.exists) this.#identity.open(this.#connection.rtc);
  }

  #opened(raw: RTCDataChannel): void {
    const known = this.#channels.get(raw.label);
    if (known) {
      known.channel.adopt(raw);
      return;
    }
    const channel = this.#newChannel(raw.label, {}, false);
    channel.adopt(raw);
    this.#emitter.emit({ type: "channel", channel });
  }

  #newChannel(name: string, options: ChannelOptions, asked: boolean): PeerChannel {
    const channel = new PeerChannel(name, () => {
      if (this.#channels.get(name)?.channel === channel) this.#channels.delete(name);
    });
    this.#channels.set(name, { channel, options, asked });
    return channel;
  }
}

/** Whether an offer is of a client that knows the channel, and has one. */
function isOfThisClient(sdp: string): boolean {
  return /^a=x-wigwag:/m.test(sdp) && /^m=application /m.test(sdp);
}
