import { WigwagError } from "./error.js";
import { sizeOf } from "./frame-size.js";
import type {
  ClientFrameJson,
  ResumeJson,
  ServerFrameJson,
  WelcomeJson,
} from "./gen/wigwag/v1/frame_pb.js";

/** Frames and bytes a session holds until the server has confirmed them; beyond it, sending waits. */
export const OUTBOX = { frames: 1024, bytes: 1024 * 1024 } as const;
/** Most frames and bytes of one push; far below the 1 MiB at which the server's transport gives up. */
export const BATCH = { frames: 64, bytes: 128 * 1024 } as const;
/**
 * Most frames that are on their way without a confirmation. A quarter of what a receiver's mailbox holds: a burst that comes
 * faster than one receiver reads is slowed down here, before the server must refuse a part of it.
 */
export const WINDOW = 256;
/** Frames and bytes after which an acknowledgment is sent at once. */
export const ACK = { frames: 32, bytes: 64 * 1024 } as const;
const LAST_SEQ = 2 ** 32 - 1;

/** The body of a client frame. */
export type ClientBody = Omit<ClientFrameJson, "seq" | "ack">;

/** What to do with a frame of the server: hand it on, skip it (seen before), or give the connection up (one is missing). */
export type Verdict = "deliver" | "seen" | "gap";

/** What a `welcome` says about the session there was before. */
export type Attached = { outcome: "new" | "resumed" } | { outcome: "reset"; reason: string };

interface Queued {
  readonly seq: number;
  readonly body: ClientBody;
  readonly bytes: number;
}

/**
 * A resumable session as a state machine: numbering, acknowledgments and the resend buffer. No I/O, no clock.
 *
 * Up: {@link submit} numbers and keeps a frame; {@link take} gives what is to be sent next; {@link confirm} drops what the server
 * has; {@link rewind} starts over after what it has. Down: {@link receive} judges a frame, {@link handled} marks it as handed to the
 * application, which is what gets acknowledged.
 */
export class SessionCore {
  #sessionToken = "";
  #epoch = 0;
  #outbox: Queued[] = [];
  /** How many frames of the outbox have been taken since the last rewind. */
  #taken = 0;
  #outboxBytes = 0;
  #lastSubmitted = 0;
  #confirmed = 0;
  #heard = 0;
  /** The highest acknowledgment on its way to the server, and the highest that surely arrived. */
  #told = 0;
  #toldSurely = 0;
  #untoldBytes = 0;
  #owesAck = false;
  #owesPong = false;
  /** The server goes: what it does not hear soon it does not hear. */
  #hurried = false;
  /** Why the session was given up; empty while it was not. */
  #forgotten = "";

  /** Secret of the session; empty before the first welcome. */
  get sessionToken(): string {
    return this.#sessionToken;
  }

  /** Number of the attachment last welcomed; 0 before the first. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The last server frame handed to the application. */
  get heard(): number {
    return this.#heard;
  }

  /** The last client frame the server has confirmed. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /** The outbox is at its bound: wait for {@link confirm} before submitting more. */
  get full(): boolean {
    return this.#outbox.length >= OUTBOX.frames || this.#outboxBytes >= OUTBOX.bytes;
  }

  /** Numbers a frame and keeps it until the server has confirmed it. Returns its seq. */
  submit(body: ClientBody): number {
    if (this.#lastSubmitted >= LAST_SEQ) {
      throw new WigwagError("this session has used all its sequence numbers: open a new one", {
        code: "RESOURCE_EXHAUSTED",
        reason: "SEQ_EXHAUSTED",
        advice: "rejoin",
      });
    }
    const queued = { seq: ++this.#lastSubmitted, body, bytes: sizeOf(body) };
    this.#outbox.push(queued);
    this.#outboxBytes += queued.bytes;
    return queued.seq;
  }

  /** Asks for a pong with the next push. */
  pong(): void {
    this.#owesPong = true;
  }

  /** Asks for an acknowledgment with the next push, whether or not there is news. */
  oweAck(): void {
    this.#owesAck = true;
  }

  /** The server goes, and tells senders that what is not acknowledged was not delivered: acknowledges at once from now on. */
  hurry(): void {
    this.#hurried = true;
  }

  /** Whether an acknowledgment is due: at once, within the acknowledgment delay, or not at all. */
  get ackDue(): "now" | "soon" | "no" {
    if (this.#owesAck || this.#owesPong) return "now";
    const untold = this.#heard - this.#told;
    if (untold === 0) return "no";
    return this.#hurried || untold >= ACK.frames || this.#untoldBytes >= ACK.bytes ? "now" : "soon";
  }

  /** The next frames to send, each with the current acknowledgment. `ackNow` asks for a bare ack when there is nothing else. */
  take(ackNow = false): ClientFrameJson[] {
    const frames: ClientFrameJson[] = [];
    const ack = this.#heard;
    // After a resume a bare ack comes before everything else: it is what uses the new epoch.
    if (this.#owesAck) frames.push({ ack });
    if (this.#owesPong) frames.push({ ack, pong: {} });
    let bytes = 0;
    const end = Math.min(this.#outbox.length, WINDOW);
    while (this.#taken < end && frames.length < BATCH.frames) {
      const next = this.#outbox[this.#taken] as Queued;
      if (bytes > 0 && bytes + next.bytes > BATCH.bytes) break;
      bytes += next.bytes;
      frames.push({ seq: next.seq, ack, ...next.body });
      this.#taken += 1;
    }
    if (frames.length === 0 && ackNow && ack > this.#told) frames.push({ ack });
    if (frames.length > 0) {
      this.#owesAck = false;
      this.#owesPong = false;
      this.#told = ack;
      this.#untoldBytes = 0;
    }
    return frames;
  }

  /** Everything unconfirmed with `last` behind it, for a page that is going away. */
  takeAll(last: ClientBody): ClientFrameJson[] {
    this.submit(last);
    const ack = this.#heard;
    return this.#outbox.map(({ seq, body }) => ({ seq, ack, ...body }));
  }

  /** A push arrived that carried acknowledgments up to `ack`. */
  arrived(ack: number): void {
    this.#toldSurely = Math.max(this.#toldSurely, ack);
  }

  /** The server has confirmed every client frame up to `ack`. Throws when there was no such frame. */
  confirm(ack: number): void {
    if (ack > this.#lastSubmitted) {
      throw protocolError("the server acknowledged a frame that was never sent");
    }
    if (ack <= this.#confirmed) return;
    this.#confirmed = ack;
    let done = 0;
    for (const queued of this.#outbox) {
      if (queued.seq > ack) break;
      this.#outboxBytes -= queued.bytes;
      done += 1;
    }
    this.#outbox.splice(0, done);
    this.#taken = Math.max(0, this.#taken - done);
  }

  /** Sends everything unconfirmed again, and acknowledges again what may not have arrived. */
  rewind(): void {
    this.#taken = 0;
    this.#told = this.#toldSurely;
  }

  /** True while frames wait that may be taken. */
  get pending(): boolean {
    return this.#taken < Math.min(this.#outbox.length, WINDOW);
  }

  /** Judges a frame by its number and takes in what it acknowledges. */
  receive(frame: ServerFrameJson): Verdict {
    if (frame.ack) this.confirm(frame.ack);
    const seq = frame.seq ?? 0;
    if (seq === 0) return "deliver";
    if (seq > this.#heard + 1) return "gap";
    if (seq === this.#heard + 1) return "deliver";
    // The server repeats what it believes unheard.
    this.#owesAck = true;
    return "seen";
  }

  /** The frame has been handed to the application. */
  handled(frame: ServerFrameJson): void {
    if (!frame.seq) return;
    this.#heard = frame.seq;
    this.#untoldBytes += sizeOf(frame);
  }

  /** What to resume, or undefined when there is no session yet. */
  resume(roomVersions: Record<string, number>): ResumeJson | undefined {
    if (this.#sessionToken === "") return undefined;
    return { sessionToken: this.#sessionToken, epoch: this.#epoch, lastSeq: this.#heard, roomVersions };
  }

  /** Gives the session up for this reason, so that the next welcome opens a new one. */
  forget(reason: string): void {
    this.#sessionToken = "";
    this.#forgotten = reason;
  }

  /** Takes in a `welcome`, which starts an attachment. `ack` is that of its frame. */
  welcome(welcome: WelcomeJson, ack: number): Attached {
    const token = welcome.sessionToken ?? "";
    const resumed = welcome.outcome === "OUTCOME_RESUMED";
    if (token === "" || (resumed && this.#sessionToken === "")) {
      throw protocolError("the server's welcome names no session");
    }
    const hadSession = this.#epoch > 0;
    this.#hurried = false;
    this.#sessionToken = token;
    this.#epoch = welcome.epoch ?? 0;
    if (resumed) {
      this.confirm(ack);
      this.rewind();
      this.#owesAck = true;
      this.#owesPong = false;
      // The resume's `last_seq` counted as an acknowledgment.
      this.arrived(this.#heard);
      this.#told = this.#heard;
      return { outcome: "resumed" };
    }
    this.#startOver();
    const reason = this.#forgotten || welcome.resetReason || "UNKNOWN_SESSION";
    this.#forgotten = "";
    return hadSession ? { outcome: "reset", reason } : { outcome: "new" };
  }

  #startOver(): void {
    this.#outbox = [];
    this.#outboxBytes = 0;
    this.#taken = 0;
    this.#lastSubmitted = 0;
    this.#confirmed = 0;
    this.#heard = 0;
    this.#told = 0;
    this.#toldSurely = 0;
    this.#untoldBytes = 0;
    this.#owesAck = false;
    this.#owesPong = false;
  }
}

/** A breach of the protocol by the server. */
export function protocolError(message: string, cause?: unknown): WigwagError {
  return new WigwagError(message, { code: "INTERNAL", reason: "PROTOCOL", ...(cause !== undefined && { cause }) });
}
