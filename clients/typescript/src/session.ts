import { unlessAborted } from "./abort.js";
import type { ClientBody } from "./client-body.js";
import { dispatch, type FrameHandler, undeliverableError } from "./dispatch.js";
import { WigwagError } from "./error.js";
import { type Backpressure, Emitter, type EventOf, type EventsOptions } from "./events.js";
import type { EnvelopeJson } from "./gen/wigwag/v1/envelope_pb.js";
import type { ServerFrameJson, WelcomeJson } from "./gen/wigwag/v1/frame_pb.js";
import { type ConnectionEvents, ConnectionManager, endedError } from "./connection-manager.js";
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
import { type Delivery, droppedError, type RequestOptions, Room, type RoomHost, type SendOptions } from "./room.js";
import type { RoomSecret } from "./seal/secret.js";
import { randomRoomName, Sealing } from "./sealing.js";
import type { FrameEncodingError } from "./transport.js";
import { SendQueue } from "./send-queue.js";
import type { Attached } from "./session-core.js";
import type { SessionEvent, SessionState } from "./session-events.js";
import type { CreateRoomOptions, JoinOptions, SessionInit } from "./session-options.js";
import { requireWellFormed } from "./well-formed.js";

export type { CreateRoomOptions, JoinOptions } from "./session-options.js";

/**
 * A session with a signaling server, which survives lost connections. Created by {@link connect}.
 *
 * While the connection is lost, requests and signals are queued; the client reconnects, sends them, and receives what it missed.
 * Events report each step.
 */
export class Session {
  readonly #connection: ConnectionManager;
  readonly #emitter = new Emitter<SessionEvent>({ type: "envelope", dropped: (count) => this.#dropped(droppedError(count, "")) });
  readonly #requests = new Requests();
  readonly #rooms = new Map<string, Room>();
  /** The number of callers that wait to join a room, by its name. */
  readonly #joining = new Map<string, number>();
  readonly #handler: FrameHandler;
  readonly #secret: RoomSecret | undefined;
  readonly #sealing = new Sealing();
  readonly #sendQueue: SendQueue;
  readonly #stopWatchingPage: () => void;
  #state: SessionState = "connecting";
  #peerId = "";
  #welcome: WelcomeInfo;
  #iceServers: IceServer[] = [];
  #opened: { resolve(): void; reject(error: WigwagError): void } | undefined;

  /** @internal Use {@link connect}. */
  constructor({ secret, ...options }: SessionInit) {
    this.#secret = secret;
    this.#welcome = { epoch: 0, heartbeatMs: 0, graceMs: 0, limits: limitsFrom(undefined), node: "", transport: "", features: [] };
    this.#handler = {
      requests: this.#requests,
      rooms: this.#rooms,
      joined: (frame) => this.#joined(frame),
      direct: (frame) => this.#direct(frame),
      iceServers: (frame) => this.#newIceServers(frame),
      tokenExpiring: ({ tokenExpiring }) =>
        this.#emitter.emit({ type: "token-expiring", expiresAt: new Date(tokenExpiring?.expiresAt ?? 0) }),
      undeliverable: (to, error) => this.#emitter.emit({ type: "undeliverable", to, error }),
      error: (error) => this.#emitter.emit({ type: "error", error }),
    };
    const roomVersions = () => Object.fromEntries([...this.#rooms].map(([name, room]) => [name, room.version]));
    this.#connection = new ConnectionManager({ ...options, roomVersions }, this.#connectionEvents());
    this.#sendQueue = new SendQueue((body, onSeq, signal) =>
      this.#connection.submit(body, this.#welcome.limits.maxFrameBytes, onSeq, signal),
    );
    this.#stopWatchingPage = watchPage({
      wake: (networkChanged) => this.#connection.wake(networkChanged),
      hidden: () => this.#connection.hidden(),
      gone: () => this.#connection.abandon(),
    });
  }

  /** This peer's id. It changes only when the session is reset. */
  get peerId(): string {
    return this.#peerId;
  }

  /**
   * The secret that identifies this session. A page that reloads passes it to the next `connect` as `replaces`, so that the old
   * session ends at once. Never log it.
   */
  get sessionToken(): string {
    return this.#connection.core.sessionToken;
  }

  /** The server's last welcome. */
  get welcome(): WelcomeInfo {
    return this.#welcome;
  }

  /**
   * The transport in use: `"websocket"`, `"grpc-web"`, `"grpc"`, or the name of a custom one. Empty before the first welcome; may
   * change when the client reconnects.
   */
  get transport(): string {
    return this.#connection.transport;
  }

  /** The state of the session. */
  get state(): SessionState {
    return this.#state;
  }

  /** STUN and TURN servers for `new RTCPeerConnection({ iceServers })`; an `ice-servers` event reports new ones. */
  get iceServers(): IceServer[] {
    return this.#iceServers.map((server) => ({ ...server, urls: [...server.urls] }));
  }

  /** The rooms this session is a member of, by name. */
  get rooms(): ReadonlyMap<string, Room> {
    return this.#rooms;
  }

  /** Calls `listener` with every event of this type. Returns a function that removes the listener. */
  on<T extends SessionEvent["type"]>(type: T, listener: (event: EventOf<SessionEvent, T>) => void): () => void {
    return this.#emitter.on(type, listener);
  }

  /** Returns every event from now on; ends after `closed`, or when the signal aborts. */
  events(options?: EventsOptions): AsyncIterableIterator<SessionEvent> {
    return this.#emitter.iterate(options);
  }

  /**
   * Joins a room; joining it again returns the same `Room`. Rejects with a {@link WigwagError}: ROOM_FULL, USER_TAKEN, BANNED,
   * FORBIDDEN, ROOM_NOT_FOUND, INVALID_FIELD, LIMIT_EXCEEDED; and, as every request, RESET if the session was lost before it was
   * answered, and CLOSED.
   *
   * A join may be given up through its signal and repeated at once: the membership belongs to the callers that still wait. If none
   * does when the answer arrives, the room is left.
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
    // The keys depend on the name, so the client must know it before it sends the request.
    const room = options.room || ((secret ?? this.#secret) ? randomRoomName() : undefined);
    const duplicateUsers = rule && duplicateUsersJson(rule);
    const createRoom = defined({ room, displayName, maxMembers, duplicateUsers, metadata });
    return this.#enter({ createRoom }, secret, options);
  }

  /** Sends a signal to a peer directly, without a room, if the server permits that. Resolves and rejects as `Room.send`. */
  send(peerId: string, payload: Payload, options: SendOptions & { receipt: true }): Promise<Delivery>;
  send(peerId: string, payload: Payload, options?: SendOptions): Promise<Delivery | undefined>;
  async send(peerId: string, payload: Payload, options?: SendOptions): Promise<Delivery | undefined> {
    return this.#send({ to: peerId, ...encodePayload(payload) }, options);
  }

  /**
   * Replaces the token before it expires. Later connections use it, too, unless `connect` was given a function. Resolves with the
   * time at which it expires. Rejects with TOKEN_INVALID, TOKEN_EXPIRED, FORBIDDEN, or UNIMPLEMENTED on a server without
   * authentication.
   */
  async refreshToken(token: string, options?: RequestOptions): Promise<Date> {
    const { refreshed } = await this.#request({ refresh: { token } }, options);
    this.#connection.token = token;
    return new Date(refreshed?.expiresAt ?? 0);
  }

  /**
   * Sends what is queued, leaves every room and ends the session, after at most 3 s. The session cannot be resumed, and later calls
   * fail with CLOSED.
   */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#requests.failAll(endedError());
    await this.#sendQueue.close(endedError());
    await this.#connection.close();
  }

  /** @internal Connects. Resolves with the first welcome. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#opened = { resolve, reject };
      this.#deriveDirectKeys().then(() => this.#connection.run(), reject);
    });
  }

  /** Derives the keys of direct envelopes, before the first one can arrive. */
  async #deriveDirectKeys(): Promise<void> {
    if (this.#secret) await this.#sealing.direct(await this.#sealing.keys(this.#secret, ""));
  }

  /** @internal Ends a session whose connecting was given up. */
  abort(error: WigwagError): void {
    this.#connection.finish(error);
  }

  #connectionEvents(): ConnectionEvents {
    return {
      attached: (welcome, attached) => this.#attached(welcome, attached),
      frame: (frame) => this.#frame(frame),
      unencodable: (error) => this.#unencodable(error),
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

  #emitters(): Backpressure[] {
    return [this.#emitter, ...[...this.#rooms.values()].map((room) => room.backpressure)];
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
      transport: this.#connection.transport,
      features: welcome.features ?? [],
    };
    this.#iceServers = iceServersFrom(welcome.iceServers);
    if (attached.outcome === "reset") this.#reset(attached.reason);
    else if (attached.outcome === "resumed") this.#emitter.emit({ type: "resumed" });
    this.#opened?.resolve();
    this.#opened = undefined;
  }

  #reset(reason: string): void {
    const error = new WigwagError("the session was lost and replaced by a new one: join the rooms again and repeat the request", {
      code: "ABORTED",
      reason: "RESET",
      metadata: { reason },
      advice: "rejoin",
    });
    this.#sendQueue.reset(error);
    this.#connection.dropWaiting(error);
    this.#requests.failAll(error);
    this.#sealing.reset();
    const rooms = this.#closeRooms(reason);
    this.#emitter.emit({ type: "reset", reason, rooms });
  }

  #finished(error: WigwagError | undefined): void {
    this.#state = "closed";
    this.#stopWatchingPage();
    this.#opened?.reject(error ?? endedError());
    this.#opened = undefined;
    this.#requests.failAll(error ?? endedError());
    this.#sendQueue.reset(error ?? endedError());
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
      dropped: (error) => this.#dropped(error),
      giveBack: (room: string) => this.#giveBackUnclaimed(room),
    };
  }

  #dropped(error: WigwagError): void {
    this.#emitter.emit({ type: "error", error });
  }

  /** Fails the call whose frame cannot be encoded, or reports the envelope. */
  #unencodable(error: FrameEncodingError): void {
    const recipient = this.#requests.recipient(error.seq);
    if (this.#requests.fail(error.seq, error)) return;
    const room = this.#rooms.get(recipient?.room ?? "");
    if (room) room.undeliverable(recipient?.to ?? "", error);
    else this.#emitter.emit({ type: "undeliverable", to: recipient?.to ?? "", error });
  }

  /** Opens a sealed envelope, then dispatches the frame. */
  #frame(frame: ServerFrameJson): boolean | Promise<boolean> {
    const { envelope } = frame;
    if (!envelope || !this.#sealing.seals(envelope.room ?? "")) return this.#dispatch(frame);
    return this.#sealing.open(this.#peerId, envelope).then(
      (opened) => this.#dispatch({ ...frame, envelope: opened }),
      (error: unknown) => {
        this.#unopened(envelope, asWigwagError(error));
        return false;
      },
    );
  }

  #dispatch(frame: ServerFrameJson): boolean {
    // The session may have been closed while the envelope was decrypted.
    if (this.#state === "closed") return false;
    if (frame.joined || frame.error) this.#sealing.joinAnswered(frame.replyTo ?? 0, frame.joined?.room);
    if (frame.left) this.#sealing.left(frame.left.room ?? "");
    return dispatch(frame, this.#handler);
  }

  #unopened({ room = "", from = "" }: EnvelopeJson, error: WigwagError): void {
    if (this.#state === "closed") return;
    if (room === "") this.#emitter.emit({ type: "unopened", from, error });
    else this.#rooms.get(room)?.unopened(from, error);
  }

  /** Joins or creates a room. If the caller gave up and the join succeeds nevertheless, gives the membership back. */
  async #enter(body: ClientBody, ownSecret: RoomSecret | undefined, { signal }: RequestOptions): Promise<Room> {
    signal?.throwIfAborted();
    requireWellFormed(body);
    const name = body.join?.room ?? body.createRoom?.room ?? "";
    this.#joining.set(name, (this.#joining.get(name) ?? 0) + 1);
    try {
      const secret = ownSecret ?? this.#secret;
      const making = secret && this.#sealing.keys(secret, name);
      const keys = making && (await (signal ? unlessAborted(making, signal) : making));
      if (keys) await this.#sealing.prepare();
      const late = (frame: ServerFrameJson) => this.#giveBackUnclaimed(frame.joined?.room ?? "");
      const requested = (seq: number) => keys && this.#sealing.joinRequested(seq, keys);
      const { joined } = await this.#request(body, signal ? { signal } : {}, late, requested);
      const room = this.#rooms.get(joined?.room ?? "");
      if (!room) throw endedError();
      room.claim();
      return room;
    } finally {
      const others = (this.#joining.get(name) ?? 1) - 1;
      if (others > 0) this.#joining.set(name, others);
      else this.#joining.delete(name);
      this.#giveBackUnclaimed(name);
    }
  }

  /** Leaves a room that no caller got, unless one still waits for it: a join that was given up may be answered later. */
  async #giveBackUnclaimed(name: string): Promise<void> {
    const room = this.#rooms.get(name);
    if (!room || room.claimed || this.#joining.has(name)) return;
    // Fails if this session is no longer a member.
    await room.leave().catch(() => undefined);
  }

  /** Sends a request and waits for the frame that answers it. `late` gets the answer if the caller gave up. */
  #request(
    body: ClientBody | Promise<ClientBody>,
    { signal }: RequestOptions = {},
    late: (frame: ServerFrameJson) => void = () => undefined,
    requested: (seq: number) => void = () => undefined,
  ): Promise<ServerFrameJson> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      if (!(body instanceof Promise)) requireWellFormed(body);
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
        requested(seq);
        this.#requests.expect(seq, waiter);
      };
      this.#sendQueue.submit(body, onSeq, signal).catch(waiter.fail);
    });
  }

  async #send(envelope: EnvelopeJson, { receipt = false, signal }: SendOptions = {}): Promise<Delivery | undefined> {
    signal?.throwIfAborted();
    // Before sealing, which would replace the half of a character.
    requireWellFormed({ envelope });
    const body = this.#sealed(receipt ? { ...envelope, receipt } : envelope);
    if (receipt) {
      const { receipt: answer } = await this.#request(body, signal ? { signal } : {});
      if (answer?.outcome === "OUTCOME_DELIVERED") return "delivered";
      if (answer?.outcome === "OUTCOME_WRITTEN") return "written";
      throw undeliverableError(answer?.reason ?? "");
    }
    const { room = "", to = "" } = envelope;
    const submitted = this.#sendQueue.submit(body, (seq) => this.#requests.sent(seq, { room, to }), signal);
    await (signal ? unlessAborted(submitted, signal) : submitted);
    return undefined;
  }

  #sealed(envelope: EnvelopeJson): ClientBody | Promise<ClientBody> {
    if (!this.#sealing.seals(envelope.room ?? "")) return { envelope };
    return this.#sealing.seal(this.#peerId, envelope).then((sealed) => ({ envelope: sealed }));
  }
}

/** Copies an object without its undefined values. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as never;
}
