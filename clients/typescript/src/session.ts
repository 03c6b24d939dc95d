import { unlessAborted } from "./abort.js";
import { type Desk, dispatch, undeliverableError } from "./dispatch.js";
import { WigwagError } from "./error.js";
import { Emitter, type EventOf, type EventsOptions, type Paced } from "./events.js";
import type { EnvelopeJson } from "./gen/wigwag/v1/envelope_pb.js";
import type { ServerFrameJson, WelcomeJson } from "./gen/wigwag/v1/frame_pb.js";
import { endedError, Link, type LinkEvents } from "./link.js";
import {
  duplicateUsersJson,
  type IceServer,
  iceServersFrom,
  limitsFrom,
  type WelcomeInfo,
} from "./model.js";
import { watchPage } from "./page.js";
import { decodePayload, encodePayload, type Payload } from "./payload.js";
import { asWigwagError } from "./pump.js";
import { Requests } from "./requests.js";
import { type Delivery, type RequestOptions, Room, type RoomHost, type SendOptions } from "./room.js";
import { randomRoomName, type RoomSecret, Sealing } from "./sealing.js";
import { SendLane } from "./send-lane.js";
import type { Attached, ClientBody } from "./session-core.js";
import type { SessionEvent, SessionState } from "./session-events.js";
import type { CreateRoomOptions, JoinOptions, SessionInit } from "./session-options.js";

export type { CreateRoomOptions, JoinOptions } from "./session-options.js";

/**
 * A peer's stay with the server, which survives lost connections. Made by {@link connect}.
 *
 * While the connection is lost, requests and signals wait; the session comes back by itself, and what was missed is
 * made up for. Events tell of it.
 */
export class Session {
  readonly #link: Link;
  readonly #emitter = new Emitter<SessionEvent>();
  readonly #requests = new Requests();
  readonly #rooms = new Map<string, Room>();
  readonly #desk: Desk;
  readonly #secret: RoomSecret | undefined;
  readonly #sealing = new Sealing();
  readonly #lane: SendLane;
  readonly #unwatch: () => void;
  #state: SessionState = "connecting";
  #peerId = "";
  #welcome: WelcomeInfo;
  #iceServers: IceServer[] = [];
  #opened: { resolve(): void; reject(error: WigwagError): void } | undefined;

  /** @internal Use {@link connect}. */
  constructor({ secret, ...options }: SessionInit) {
    this.#secret = secret;
    this.#welcome = { epoch: 0, heartbeatMs: 0, graceMs: 0, limits: limitsFrom(undefined), node: "", transport: "" };
    this.#desk = {
      requests: this.#requests,
      rooms: this.#rooms,
      joined: (frame) => this.#joined(frame),
      direct: (frame) => this.#direct(frame),
      iceServers: (frame) => this.#newIceServers(frame),
      undeliverable: (to, error) => this.#emitter.emit({ type: "undeliverable", to, error }),
      error: (error) => this.#emitter.emit({ type: "error", error }),
    };
    const roomVersions = () => Object.fromEntries([...this.#rooms].map(([name, room]) => [name, room.version]));
    this.#link = new Link({ ...options, roomVersions }, this.#linkEvents());
    this.#lane = new SendLane((body, onSeq, signal) =>
      this.#link.submit(body, this.#welcome.limits.maxFrameBytes, onSeq, signal),
    );
    this.#unwatch = watchPage({
      wake: (networkChanged) => this.#link.wake(networkChanged),
      gone: () => this.#link.abandon(),
    });
  }

  /** This peer's id, while the session lives; a `reset` changes it. */
  get peerId(): string {
    return this.#peerId;
  }

  /**
   * Secret that names this session. A page that reloads gives it to the next `connect` as `replaces`, so that its former
   * self leaves at once. Never log it.
   */
  get sessionToken(): string {
    return this.#link.core.sessionToken;
  }

  /** What the server said when it last welcomed this session. */
  get welcome(): WelcomeInfo {
    return this.#welcome;
  }

  /**
   * What carries the session: `"websocket"`, `"grpc-web"`, `"grpc"`, or the name of a transport of one's own. Empty before
   * the first welcome; may change when the session comes back.
   */
  get transport(): string {
    return this.#link.transport;
  }

  /** Where the session stands. */
  get state(): SessionState {
    return this.#state;
  }

  /** STUN and TURN servers for `new RTCPeerConnection({ iceServers })`; an `ice-servers` event tells of new ones. */
  get iceServers(): IceServer[] {
    return this.#iceServers.map((server) => ({ ...server, urls: [...server.urls] }));
  }

  /** The rooms this session is in, by name. */
  get rooms(): ReadonlyMap<string, Room> {
    return this.#rooms;
  }

  /** Calls `listener` with every event of that type. Returns a function that ends it. */
  on<T extends SessionEvent["type"]>(type: T, listener: (event: EventOf<SessionEvent, T>) => void): () => void {
    return this.#emitter.on(type, listener);
  }

  /** Every event from now on; ends after `closed`, or when the signal aborts. */
  events(options?: EventsOptions): AsyncIterableIterator<SessionEvent> {
    return this.#emitter.iterate(options);
  }

  /**
   * Joins a room; one this session is in already gives the same `Room`. Rejects with a {@link WigwagError}: ROOM_FULL,
   * USER_TAKEN, BANNED, FORBIDDEN, ROOM_NOT_FOUND, INVALID_FIELD, LIMIT_EXCEEDED; and, as every request, RESET when the
   * session was lost before the answer came, and CLOSED.
   */
  join(room: string, options: JoinOptions = {}): Promise<Room> {
    const { displayName, metadata, secret } = options;
    return this.#enter({ join: { room, ...defined({ displayName, metadata }) } }, secret, options);
  }

  /**
   * Creates a room, joins it and makes this session its owner. Rejects as {@link join} does, and with ROOM_EXISTS.
   */
  createRoom(options: CreateRoomOptions = {}): Promise<Room> {
    const { displayName, maxMembers, duplicateUsers: rule, metadata, secret } = options;
    // The keys depend on the name, so it must be known before the server is asked.
    const room = options.room || ((secret ?? this.#secret) ? randomRoomName() : undefined);
    const duplicateUsers = rule && duplicateUsersJson(rule);
    const createRoom = defined({ room, displayName, maxMembers, duplicateUsers, metadata });
    return this.#enter({ createRoom }, secret, options);
  }

  /** Sends a signal to a peer directly, in no room, where the server allows that. Otherwise as `Room.send`. */
  send(peerId: string, payload: Payload, options: SendOptions & { receipt: true }): Promise<Delivery>;
  send(peerId: string, payload: Payload, options?: SendOptions): Promise<Delivery | undefined>;
  async send(peerId: string, payload: Payload, options?: SendOptions): Promise<Delivery | undefined> {
    return this.#send({ to: peerId, ...encodePayload(payload) }, options);
  }

  /**
   * Replaces the token before it expires; it is the one for later connections, too, unless `connect` was given a function.
   * Resolves with the moment at which it expires. Rejects with TOKEN_INVALID, TOKEN_EXPIRED, FORBIDDEN, or UNIMPLEMENTED where
   * the server asks for no tokens.
   */
  async refreshToken(token: string, options?: RequestOptions): Promise<Date> {
    const { refreshed } = await this.#request({ refresh: { token } }, options);
    this.#link.token = token;
    return new Date(refreshed?.expiresAt ?? 0);
  }

  /**
   * Sends what waits, leaves every room, says bye and ends; takes 3 s at most. The session cannot be resumed, and everything
   * asked of it afterwards fails with CLOSED.
   */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#requests.failAll(endedError());
    await this.#lane.close(endedError());
    await this.#link.close();
  }

  /** @internal Connects; settles with the first welcome, or with what makes it impossible. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#opened = { resolve, reject };
      this.#unlock().then(() => this.#link.run(), reject);
    });
  }

  /** Keys for direct envelopes are there before the first of them comes. */
  async #unlock(): Promise<void> {
    if (this.#secret) await this.#sealing.direct(await this.#sealing.keys(this.#secret, ""));
  }

  /** @internal Ends a session that is not wanted any more. */
  abort(error: WigwagError): void {
    this.#link.finish(error);
  }

  #linkEvents(): LinkEvents {
    return {
      attached: (welcome, attached) => this.#attached(welcome, attached),
      frame: (frame) => this.#frame(frame),
      reconnecting: (attempt, delayMs, error) => {
        if (this.#state === "connecting") return;
        this.#state = "reconnecting";
        this.#emitter.emit({ type: "reconnecting", attempt, delayMs, error });
      },
      finished: (error) => this.#finished(error),
      backpressure: () => {
        const waiting = this.#emitters().flatMap((emitter) => emitter.room ?? []);
        return waiting.length === 0 ? undefined : Promise.all(waiting);
      },
      cut: () => this.#emitters().forEach((emitter) => emitter.cut()),
    };
  }

  #emitters(): Paced[] {
    return [this.#emitter, ...[...this.#rooms.values()].map((room) => room.paced)];
  }

  #attached(welcome: WelcomeJson, attached: Attached): void {
    this.#state = "connected";
    this.#peerId = welcome.peerId ?? "";
    this.#welcome = {
      epoch: welcome.epoch ?? 0,
      heartbeatMs: welcome.heartbeatMs ?? 0,
      graceMs: welcome.graceMs ?? 0,
      limits: limitsFrom(welcome.limits),
      node: welcome.node ?? "",
      transport: this.#link.transport,
    };
    this.#iceServers = iceServersFrom(welcome.iceServers);
    if (attached.outcome === "reset") this.#reset(attached.reason);
    else if (attached.outcome === "resumed") this.#emitter.emit({ type: "resumed" });
    this.#opened?.resolve();
    this.#opened = undefined;
  }

  #reset(reason: string): void {
    const error = new WigwagError("the session could not be resumed; this is a new one: join again", {
      code: "ABORTED",
      reason: "RESET",
      metadata: { reason },
      advice: "rejoin",
    });
    this.#lane.reset(error);
    this.#link.dropWaiting(error);
    this.#requests.failAll(error);
    this.#sealing.reset();
    const rooms = this.#closeRooms(reason);
    this.#emitter.emit({ type: "reset", reason, rooms });
  }

  #finished(error: WigwagError | undefined): void {
    this.#state = "closed";
    this.#unwatch();
    this.#opened?.reject(error ?? endedError());
    this.#opened = undefined;
    this.#requests.failAll(error ?? endedError());
    this.#lane.reset(error ?? endedError());
    this.#closeRooms(error?.reason ?? "LEFT", error ?? endedError());
    this.#emitter.emit({ type: "closed", error });
    this.#emitter.end();
  }

  #closeRooms(reason: string, over?: WigwagError): string[] {
    const rooms = [...this.#rooms.values()];
    this.#rooms.clear();
    for (const room of rooms) room.close(reason, over);
    return rooms.map((room) => room.name);
  }

  #joined(frame: ServerFrameJson): void {
    const joined = frame.joined ?? {};
    const room = this.#rooms.get(joined.room ?? "");
    if (room) room.receive(frame);
    else this.#rooms.set(joined.room ?? "", new Room(this.#roomHost(), joined));
  }

  #direct(frame: ServerFrameJson): void {
    const payload = frame.envelope && decodePayload(frame.envelope);
    if (payload) this.#emitter.emit({ type: "envelope", from: frame.envelope?.from ?? "", payload });
  }

  #newIceServers(frame: ServerFrameJson): void {
    this.#iceServers = iceServersFrom(frame.iceServers?.servers);
    this.#emitter.emit({ type: "ice-servers", iceServers: this.iceServers });
  }

  #roomHost(): RoomHost {
    return {
      request: (body: ClientBody, options?: RequestOptions) => this.#request(body, options),
      send: (envelope: EnvelopeJson, options?: SendOptions) => this.#send(envelope, options),
    };
  }

  /** Opens what is sealed, and hands the frame to what it is about. */
  #frame(frame: ServerFrameJson): boolean | Promise<boolean> {
    const { envelope } = frame;
    if (!envelope || !this.#sealing.covers(envelope.room ?? "")) return this.#dispatch(frame);
    return this.#sealing.open(this.#peerId, envelope).then(
      (opened) => this.#dispatch({ ...frame, envelope: opened }),
      (error: unknown) => {
        this.#unopened(envelope, asWigwagError(error));
        return false;
      },
    );
  }

  #dispatch(frame: ServerFrameJson): boolean {
    // It may have been closed while the frame was being opened.
    if (this.#state === "closed") return false;
    if (frame.joined || frame.error) this.#sealing.answered(frame.replyTo ?? 0, frame.joined?.room);
    if (frame.left) this.#sealing.left(frame.left.room ?? "");
    return dispatch(frame, this.#desk);
  }

  #unopened({ room = "", from = "" }: EnvelopeJson, error: WigwagError): void {
    if (this.#state === "closed") return;
    if (room === "") this.#emitter.emit({ type: "unopened", from, error });
    else this.#rooms.get(room)?.unopened(from, error);
  }

  /** Joins or creates. When the caller gives up and the seat comes all the same, it is given back. */
  async #enter(body: ClientBody, ownSecret: RoomSecret | undefined, { signal }: RequestOptions): Promise<Room> {
    signal?.throwIfAborted();
    const name = body.join?.room ?? body.createRoom?.room ?? "";
    const secret = ownSecret ?? this.#secret;
    const making = secret && this.#sealing.keys(secret, name);
    const keys = making && (await (signal ? unlessAborted(making, signal) : making));
    if (keys) await this.#sealing.prepare();
    const had = this.#rooms.has(name);
    const late = (frame: ServerFrameJson) => {
      const room = this.#rooms.get(frame.joined?.room ?? "");
      if (room && !had) room.leave().catch(() => undefined);
    };
    const asked = (seq: number) => keys && this.#sealing.asked(seq, keys);
    const { joined } = await this.#request(body, signal ? { signal } : {}, late, asked);
    const room = this.#rooms.get(joined?.room ?? "");
    if (!room) throw endedError();
    return room;
  }

  /** Asks for something and waits for the one frame that answers it. `late` gets an answer nobody waits for any more. */
  #request(
    body: ClientBody | Promise<ClientBody>,
    { signal }: RequestOptions = {},
    late: (frame: ServerFrameJson) => void = () => undefined,
    asked: (seq: number) => void = () => undefined,
  ): Promise<ServerFrameJson> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      let givenUp = false;
      const abort = () => {
        givenUp = true;
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
      const settle = () => signal?.removeEventListener("abort", abort);
      const waiter = {
        reply: (frame: ServerFrameJson) => {
          settle();
          if (givenUp) late(frame);
          else resolve(frame);
        },
        fail: (error: WigwagError) => {
          settle();
          reject(error);
        },
      };
      const onSeq = (seq: number) => {
        asked(seq);
        this.#requests.expect(seq, waiter);
      };
      this.#lane.submit(body, onSeq, signal).catch(waiter.fail);
    });
  }

  async #send(envelope: EnvelopeJson, { receipt = false, signal }: SendOptions = {}): Promise<Delivery | undefined> {
    signal?.throwIfAborted();
    const body = this.#sealed(receipt ? { ...envelope, receipt } : envelope);
    if (receipt) {
      const { receipt: told } = await this.#request(body, signal ? { signal } : {});
      if (told?.outcome === "OUTCOME_DELIVERED") return "delivered";
      if (told?.outcome === "OUTCOME_WRITTEN") return "written";
      throw undeliverableError(told?.reason ?? "");
    }
    const { room = "", to = "" } = envelope;
    const submitted = this.#lane.submit(body, (seq) => this.#requests.sent(seq, { room, to }), signal);
    await (signal ? unlessAborted(submitted, signal) : submitted);
    return undefined;
  }

  #sealed(envelope: EnvelopeJson): ClientBody | Promise<ClientBody> {
    if (!this.#sealing.covers(envelope.room ?? "")) return { envelope };
    return this.#sealing.seal(this.#peerId, envelope).then((sealed) => ({ envelope: sealed }));
  }
}

/** Without the keys that have no value. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as never;
}
