import type { EventOf, EventsOptions } from "../events.js";
import type { Member } from "../model.js";
import type { ReceivedPayload } from "../payload.js";
import type { Room } from "../room.js";
import type { Session } from "../session.js";
import { BoundedEmitter } from "./bounded-emitter.js";
import { type ChannelOptions, PeerChannel } from "./channel.js";
import { Connection } from "./connection.js";
import { peerConnectionConstructor, type RTCPeerConnectionConstructor } from "./platform.js";
import { Recovery } from "./recovery.js";
import { type ReceivedTrack, ReceivedTracks, SentTracks } from "./tracks.js";

/** What happens between this peer and another one. */
export type PeerEvent =
  /** The connection is in another state. It may be made anew: then it is `new` again. */
  | { type: "state"; state: RTCPeerConnectionState; before: RTCPeerConnectionState }
  /** The other end sends a track. */
  | ({ type: "track" } & ReceivedTrack)
  /** The other end does not send that track any more. */
  | ({ type: "trackEnded" } & ReceivedTrack)
  /** The other end opened a channel that nobody asked for here. Listeners added now miss no message. */
  | { type: "channel"; channel: PeerChannel }
  /** Something went wrong that is being mended: the browser refused a description, for instance. For logs. */
  | { type: "error"; error: unknown }
  /** The last event: this side closed it, or the member left. */
  | { type: "closed" };

/** How to connect to another peer. All of it may be left out. */
export interface PeerOptions {
  /** For `RTCPeerConnection`. Its `iceServers` are used beside the session's, which follow the session by themselves. */
  configuration?: RTCConfiguration | undefined;
  /** Makes connections. Default: the platform's own; Node has none, React Native's comes in a package. */
  RTCPeerConnection?: RTCPeerConnectionConstructor | undefined;
  /**
   * This side makes the first offer. Default: it does. Pass false for a member that joined after this one, as it
   * finds this one in the room and offers. When both offer they agree, only slower.
   */
  first?: boolean | undefined;
}

/**
 * The connection to one other member of a room: negotiated, brought back when it fails, and with channels by name.
 * {@link Mesh} makes one for each member; make one by hand to connect to a single one.
 *
 * It lives until it is closed or the member leaves: make another one for a member that comes back. Add listeners, tracks and
 * channels right behind the making, in the same turn: negotiation begins after it.
 */
export class Peer {
  /** The other peer's id. */
  readonly id: string;
  readonly #room: Room;
  readonly #session: Session;
  readonly #options: PeerOptions;
  readonly #make: RTCPeerConnectionConstructor;
  readonly #emitter = new BoundedEmitter<PeerEvent>();
  readonly #channels = new Map<string, { channel: PeerChannel; options: ChannelOptions; asked: boolean }>();
  readonly #sent: SentTracks;
  readonly #received: ReceivedTracks;
  readonly #recovery: Recovery;
  readonly #detach: Array<() => void>;
  #member: Member | undefined;
  #connection: Connection;
  #state: RTCPeerConnectionState = "new";
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  /** Connects to a member of a room this session is in. Throws UNSUPPORTED where there is no `RTCPeerConnection`. */
  constructor(session: Session, room: Room, peerId: string, options: PeerOptions = {}) {
    this.id = peerId;
    this.#session = session;
    this.#room = room;
    this.#options = options;
    this.#make = peerConnectionConstructor(options.RTCPeerConnection);
    this.#member = room.members.get(peerId);
    const recovered = { restart: () => this.#connection.restart(), rebuild: () => this.#rebuild(true) };
    const polite = room.isPolite(peerId);
    const reachable = () => session.state === "connected" && this.#member?.state === "online";
    this.#recovery = new Recovery({ ...recovered, polite, get reachable() { return reachable(); } });
    this.#received = new ReceivedTracks({
      began: (track) => this.#emitter.emit({ type: "track", ...track }),
      ended: (track) => this.#emitter.emit({ type: "trackEnded", ...track }),
    });
    this.#connection = this.#connect(options.first ?? true);
    this.#sent = new SentTracks(this.#connection.rtc);
    this.#detach = this.#listen();
    // Not in a microtask: what comes behind an `await` of the maker would be too late.
    if (options.first ?? true) setTimeout(() => this.#ensureOffer(this.#connection));
  }

  /** The other member as last heard of. */
  get member(): Member | undefined {
    return this.#member;
  }

  /** How the connection is, in the browser's words. */
  get state(): RTCPeerConnectionState {
    return this.#state;
  }

  /** Closed from here, or because the member left. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The browser's connection, for statistics and the like. It is another one after the connection was made anew. */
  get rtc(): RTCPeerConnection {
    return this.#connection.rtc;
  }

  /** The tracks the other end sends. */
  get tracks(): ReadonlyMap<MediaStreamTrack, ReceivedTrack> {
    return this.#received.all;
  }

  /** The channels there are, by name. */
  get channels(): ReadonlyMap<string, PeerChannel> {
    return new Map([...this.#channels].map(([name, { channel }]) => [name, channel]));
  }

  /** Calls `listener` with every event of that type. Returns a function that ends it. */
  on<T extends PeerEvent["type"]>(type: T, listener: (event: EventOf<PeerEvent, T>) => void): () => void {
    return this.#emitter.on(type, listener);
  }

  /** Every event from now on; ends after `closed`, or when the signal aborts. Throws SLOW_CONSUMER when 256 wait unread. */
  events(options?: EventsOptions): AsyncIterableIterator<PeerEvent> {
    return this.#emitter.iterate(options);
  }

  /** The channel of that name, at both ends the same: opened if there is none. The options hold for what this end sends. */
  channel(name: string, options: ChannelOptions = {}): PeerChannel {
    const known = this.#channels.get(name);
    if (known) return known.channel;
    const channel = this.#newChannel(name, options, true);
    if (this.#closed) channel.end();
    else channel.open(this.#connection.rtc.createDataChannel(name, options));
    return channel;
  }

  /** Sends a track to the other end; what belongs together names the same stream. No effect on a track that is sent already. */
  addTrack(track: MediaStreamTrack, ...streams: MediaStream[]): void {
    if (!this.#closed) this.#sent.add(track, streams);
  }

  /** Does not send a track any more. */
  removeTrack(track: MediaStreamTrack): void {
    if (!this.#closed) this.#sent.remove(track);
  }

  /** Sends another track of the same kind in the place of one, without negotiating: another camera, or the screen. */
  async replaceTrack(track: MediaStreamTrack, by: MediaStreamTrack): Promise<void> {
    if (!this.#closed) await this.#sent.replace(track, by);
  }

  /** Closes the connection. The other end sees it fail, until this peer leaves the room or makes another one. */
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

  #listen(): Array<() => void> {
    const configure = () => {
      try {
        this.rtc.setConfiguration(this.#configuration());
      } catch (error) {
        this.#emitter.emit({ type: "error", error });
      }
    };
    return [
      this.#room.on("envelope", ({ from, payload }) => from === this.id && this.#receive(payload)),
      this.#room.on("updated", ({ member }) => member.peerId === this.id && this.#updated(member)),
      this.#room.on("left", ({ member }) => member.peerId === this.id && this.close()),
      this.#room.on("undeliverable", ({ to }) => to === this.id && this.#undeliverable()),
      this.#room.on("closed", () => this.close()),
      this.#session.on("ice-servers", configure),
      this.#session.on("resumed", () => {
        // The server welcomed this session again, with fresh credentials.
        configure();
        this.#recovery.reachable();
      }),
    ];
  }

  #connect(first: boolean): Connection {
    const rtc = new this.#make(this.#configuration());
    const connection: Connection = new Connection(
      rtc,
      {
        polite: this.#room.isPolite(this.id),
        // What cannot be sent is told by the room's own events: it is closed, or the member left.
        send: (payload) => void this.#room.send(this.id, payload).catch(() => undefined),
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

  /** Signals are worked off one after the other. */
  #receive(payload: ReceivedPayload): void {
    this.#work = this.#work
      .then(async () => {
        if (this.#closed) return;
        if ("candidate" in payload) await this.#connection.candidate(payload.candidate);
        else if ("description" in payload) {
          if ((await this.#connection.description(payload.description)) !== "replaced" || this.#closed) return;
          this.#rebuild(false);
          await this.#connection.description(payload.description);
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
    this.#connection.forget();
    this.#recovery.lost();
  }

  /** A new `RTCPeerConnection` in the place of the old one, with everything that was asked for. */
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
    if (first) this.#ensureOffer(this.#connection);
  }

  /** Who has nothing to send must offer all the same: the other end waits for it. */
  #ensureOffer(connection: Connection): void {
    if (this.#closed || connection !== this.#connection) return;
    const { rtc } = connection;
    const sends = rtc.getTransceivers().length > 0 || [...this.#channels.values()].some(({ asked }) => asked);
    // A channel that the other end is not told of: only a place for channels in the session description.
    if (!sends) rtc.createDataChannel("", { negotiated: true, id: 1_000 });
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
