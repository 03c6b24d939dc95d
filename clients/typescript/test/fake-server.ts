// An in-memory server that implements the session protocol and can break its connections.
import { WigwagError } from "../src/error.js";
import type { EnvelopeJson } from "../src/gen/wigwag/v1/envelope_pb.js";
import type { ClientFrameJson, HelloJson, ServerFrameJson, WelcomeJson } from "../src/gen/wigwag/v1/frame_pb.js";
import type { MemberJson } from "../src/gen/wigwag/v1/room_pb.js";
import type { Batch, Connection, Pushed, TransportFactory } from "../src/transport.js";

export interface FakeRoom {
  version: number;
  members: Map<string, MemberJson>;
}

export class FakeSession {
  epoch = 0;
  clientSeq = 0;
  mailbox: ServerFrameJson[] = [];
  connection: FakeConnection | undefined;
  /** The highest ack of the client. */
  acked = 0;
  pongs = 0;
  #seq = 0;

  constructor(
    readonly peerId: string,
    readonly token: string,
    readonly hello: HelloJson,
  ) {}

  /** Puts a numbered frame into the mailbox and writes it to the connection. */
  post(frame: ServerFrameJson): void {
    const numbered = { ...frame, seq: (this.#seq += 1), ack: this.clientSeq };
    this.mailbox.push(numbered);
    this.connection?.down(numbered);
  }

  /** Sends an unnumbered frame, if there is a connection. */
  sendUnnumbered(frame: ServerFrameJson): void {
    this.connection?.down(frame);
  }

  acknowledge(ack: number): void {
    this.acked = Math.max(this.acked, ack);
    this.mailbox = this.mailbox.filter(({ seq }) => (seq ?? 0) > ack);
  }
}

export class FakeServer {
  readonly sessions = new Map<string, FakeSession>();
  readonly rooms = new Map<string, FakeRoom>();
  /** Every hello and every push received. */
  readonly hellos: HelloJson[] = [];
  readonly pushes: Batch[] = [];
  /** Fields of every welcome. */
  welcome: WelcomeJson = { heartbeatMs: 10_000, graceMs: 30_000 };
  /** Called before a connection is accepted; an exception ends the connection. */
  onOpen: (hello: HelloJson) => void = () => undefined;
  /** Called before and after a push takes effect; an exception is the response to the push. */
  beforePush: (batch: Batch) => Pushed | undefined | Promise<undefined> = () => undefined;
  afterPush: (batch: Batch) => void = () => undefined;
  lastPushes: Batch[] = [];
  #made = 0;

  readonly transport: TransportFactory = () => ({
    open: (hello, signal) => new FakeConnection(this, hello, signal),
  });

  /** Returns the only session, or the one of that peer. */
  session(peerId?: string): FakeSession {
    const found = [...this.sessions.values()].find((session) => peerId === undefined || session.peerId === peerId);
    if (!found) throw new Error("no such session");
    return found;
  }

  open(connection: FakeConnection, hello: HelloJson): void {
    this.hellos.push(hello);
    this.onOpen(hello);
    const known = hello.resume && this.sessions.get(hello.resume.sessionToken ?? "");
    const session = known ?? this.#newSession(hello);
    session.connection?.fail(refusal("SUPERSEDED", "ABORTED"));
    session.connection = connection;
    session.epoch += 1;
    connection.session = session;
    const outcome = known ? "OUTCOME_RESUMED" : hello.resume ? "OUTCOME_RESET" : "OUTCOME_NEW";
    connection.down({
      ack: session.clientSeq,
      welcome: {
        ...this.welcome,
        peerId: session.peerId,
        sessionToken: session.token,
        epoch: session.epoch,
        outcome,
        resetReason: outcome === "OUTCOME_RESET" ? "UNKNOWN_SESSION" : "",
      },
    });
    if (!known) return;
    session.acknowledge(hello.resume?.lastSeq ?? 0);
    for (const [name, version] of Object.entries(hello.resume?.roomVersions ?? {})) {
      const room = this.rooms.get(name);
      if (room && room.version !== version) connection.down({ roster: this.#roster(name, session.peerId) });
    }
    for (const frame of session.mailbox) connection.down(frame);
  }

  async push(batch: Batch): Promise<Pushed> {
    this.pushes.push(batch);
    const early = await this.beforePush(batch);
    if (early) return early;
    const session = this.sessions.get(batch.sessionToken);
    if (!session) throw refusal("UNKNOWN_SESSION", "NOT_FOUND");
    if (batch.epoch !== session.epoch) throw refusal("SUPERSEDED", "ABORTED");
    for (const frame of batch.frames) this.#apply(session, frame);
    this.afterPush(batch);
    return { ack: session.clientSeq, retryAfterMs: 0 };
  }

  pushLast(batch: Batch): void {
    this.lastPushes.push(batch);
    const session = this.sessions.get(batch.sessionToken);
    if (session) for (const frame of batch.frames) this.#apply(session, frame);
  }

  end(session: FakeSession): void {
    this.sessions.delete(session.token);
    for (const [name, room] of this.rooms) if (room.members.has(session.peerId)) this.leave(name, session, "LEFT");
    session.connection?.finish();
  }

  /** Adds a member, as if another peer had joined. */
  enter(name: string, member: MemberJson): FakeRoom {
    const room = this.rooms.get(name) ?? { version: 0, members: new Map<string, MemberJson>() };
    this.rooms.set(name, room);
    room.version += 1;
    this.#present(room, { memberJoined: { room: name, version: room.version, member } });
    room.members.set(member.peerId ?? "", member);
    return room;
  }

  leave(name: string, { peerId }: { peerId: string }, reason: string): void {
    const room = this.rooms.get(name);
    if (!room?.members.delete(peerId)) return;
    room.version += 1;
    this.#present(room, { memberLeft: { room: name, version: room.version, peerId, reason } });
  }

  #apply(session: FakeSession, frame: ClientFrameJson): void {
    if (frame.ack) session.acknowledge(frame.ack);
    if (frame.pong) session.pongs += 1;
    const seq = frame.seq ?? 0;
    if (seq !== session.clientSeq + 1) return;
    session.clientSeq = seq;
    if (frame.bye) this.end(session);
    else if (frame.join) this.#join(session, frame.join.room ?? "", seq);
    else if (frame.createRoom) this.#join(session, frame.createRoom.room || "made-by-server", seq);
    else if (frame.leave) this.#leaveAsked(session, frame.leave.room ?? "", seq);
    else if (frame.envelope) this.#route(session, frame.envelope, seq);
    else session.post({ replyTo: seq, done: {} });
  }

  #join(session: FakeSession, name: string, seq: number): void {
    const created = !this.rooms.has(name);
    const me: MemberJson = {
      peerId: session.peerId,
      displayName: session.hello.displayName ?? "",
      joinedAt: new Date(this.sessions.size).toISOString(),
    };
    if (!this.rooms.get(name)?.members.has(session.peerId)) this.enter(name, me);
    session.post({ replyTo: seq, joined: { ...this.#roster(name, session.peerId), me, created } });
  }

  #leaveAsked(session: FakeSession, name: string, seq: number): void {
    if (!this.rooms.get(name)?.members.has(session.peerId)) {
      session.post({ replyTo: seq, error: { code: 9, reason: "NOT_JOINED", message: "not a member" } });
      return;
    }
    this.leave(name, session, "LEFT");
    session.post({ replyTo: seq, left: { room: name, reason: "LEFT" } });
  }

  #route(from: FakeSession, envelope: EnvelopeJson, seq: number): void {
    const to = [...this.sessions.values()].filter((session) =>
      envelope.to ? session.peerId === envelope.to : this.#shares(envelope.room, session) && session !== from,
    );
    if (envelope.to && to.length === 0) {
      from.post({ replyTo: seq, error: { code: 5, reason: "PEER_NOT_FOUND", message: "no such peer" } });
      return;
    }
    for (const session of to) session.post({ envelope: { ...envelope, from: from.peerId } });
    const [first] = to;
    if (envelope.receipt && first) {
      from.post({ replyTo: seq, receipt: { peerId: first.peerId, outcome: "OUTCOME_DELIVERED" } });
    }
  }

  #shares(name: string | undefined, session: FakeSession): boolean {
    return this.rooms.get(name ?? "")?.members.has(session.peerId) ?? false;
  }

  #roster(name: string, without: string) {
    const room = this.rooms.get(name);
    const members = [...(room?.members.values() ?? [])].filter(({ peerId }) => peerId !== without);
    return { room: name, version: room?.version ?? 0, roomInfo: { room: name }, members };
  }

  #present(room: FakeRoom, frame: ServerFrameJson): void {
    for (const session of this.sessions.values()) if (room.members.has(session.peerId)) session.sendUnnumbered(frame);
  }

  #newSession(hello: HelloJson): FakeSession {
    this.#made += 1;
    const session = new FakeSession(`peer-${this.#made}`, `token-${this.#made}`, hello);
    this.sessions.set(session.token, session);
    return session;
  }
}

export class FakeConnection implements Connection {
  readonly transport = "fake";
  readonly frames: AsyncIterable<ServerFrameJson>;
  session: FakeSession | undefined;
  #queue: ServerFrameJson[] = [];
  #end: { error: Error | undefined } | undefined;
  #wake: () => void = () => undefined;

  constructor(
    private readonly server: FakeServer,
    hello: HelloJson,
    private readonly signal: AbortSignal,
  ) {
    this.frames = this.#read(hello);
    signal.addEventListener("abort", () => this.fail(new Error("aborted")), { once: true });
  }

  down(frame: ServerFrameJson): void {
    if (this.#end) return;
    this.#queue.push(structuredClone(frame));
    this.#wake();
  }

  /** Ends the connection as if the server had closed it. */
  finish(): void {
    this.#close(undefined);
  }

  /** Breaks the connection; what was in flight is lost. */
  fail(error: Error = new Error("broken")): void {
    if (!(error instanceof WigwagError)) this.#queue = [];
    this.#close(error);
  }

  async push(batch: Batch): Promise<Pushed> {
    await nextTurn();
    this.signal.throwIfAborted();
    const pushed = await this.server.push(structuredClone(batch));
    await nextTurn();
    this.signal.throwIfAborted();
    return pushed;
  }

  pushLast(batch: Batch): void {
    this.server.pushLast(structuredClone(batch));
  }

  #close(error: Error | undefined): void {
    this.#end ??= { error };
    if (this.session?.connection === this) this.session.connection = undefined;
    this.#wake();
  }

  async *#read(hello: HelloJson): AsyncGenerator<ServerFrameJson> {
    await nextTurn();
    if (!this.#end) this.server.open(this, structuredClone(hello));
    for (;;) {
      const frame = this.#queue.shift();
      if (frame) yield frame;
      else if (this.#end?.error) throw this.#end.error;
      else if (this.#end) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** Returns an error as the server sends it. */
export function refusal(reason: string, code: WigwagError["code"], retryAfterMs = 0): WigwagError {
  return new WigwagError(reason, { code, reason, retryAfterMs });
}

/** Waits one turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Waits until the condition holds; fails after half a minute, which is more than the longest back-off. */
export async function until(condition: () => boolean, what = String(condition)): Promise<void> {
  const end = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`did not happen: ${what}`);
    await nextTurn();
  }
}
