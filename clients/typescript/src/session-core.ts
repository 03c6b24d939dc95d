import type { ClientBody } from "./client-body.js";
import { WigwagError } from "./error.js";
import { sizeOf } from "./frame-size.js";
import type {
  ClientFrameJson,
  ResumeJson,
  ServerFrameJson,
  WelcomeJson,
} from "./gen/wigwag/v1/frame_pb.js";

/** Limits of unacknowledged frames and bytes; at the limit, sending waits. */
export const SEND_BUFFER = { frames: 1024, bytes: 1024 * 1024 } as const;
/** Limits of one push: frames and bytes. The server refuses pushes above 1 MiB. */
export const BATCH = { frames: 64, bytes: 128 * 1024 } as const;
/**
 * Limit of frames that were sent and are unacknowledged. A quarter of a recipient's mailbox: a burst that is faster than the
 * recipient reads is slowed down here, before the server has to refuse a part of it.
 */
export const WINDOW = 256;
/** Delivered frames and bytes after which an acknowledgment is due at once. */
export const ACK = { frames: 32, bytes: 64 * 1024 } as const;
/**
 * How long an acknowledgment may wait for a frame that carries it, the longest that the protocol allows; and the same for an
 * envelope whose sender waits for a receipt.
 */
export const ACK_DELAY_MS = 2_000;
export const RECEIPT_ACK_DELAY_MS = 50;
const LAST_SEQ = 2 ** 32 - 1;

/** What a frame's number says: deliver it, drop it as a duplicate, or give the connection up, since one is missing. */
export type Arrival = "new" | "duplicate" | "gap";

/** What a `welcome` means for the session. */
export type Attached = { outcome: "new" | "resumed" } | { outcome: "reset"; reason: string };

interface Queued {
  readonly seq: number;
  body: ClientBody;
  readonly bytes: number;
}

/**
 * A resumable session as a state machine: numbering, acknowledgments and the resend buffer. No I/O, no clock.
 *
 * To the server: {@link submit} numbers and keeps a frame; {@link take} returns what to send next; {@link confirm} drops what the
 * server acknowledged; {@link rewind} starts over from there. From the server: {@link receive} checks the number of a frame;
 * {@link handled} marks it as delivered to the application, and so to be acknowledged.
 */
export class SessionCore {
  #sessionToken = "";
  #epoch = 0;
  #buffer: Queued[] = [];
  /** How many frames of the buffer have been taken since the last rewind. */
  #taken = 0;
  #bufferBytes = 0;
  #lastSubmitted = 0;
  #confirmed = 0;
  #delivered = 0;
  /** The highest acknowledgment that was sent, and the highest that is known to have arrived. */
  #acked = 0;
  #ackArrived = 0;
  #unackedBytes = 0;
  /** Whether the sender of an unacknowledged envelope waits for a receipt. */
  #receiptAwaited = false;
  #owesAck = false;
  #owesPong = false;
  /** The server is going away, so acknowledgments are not delayed. */
  #acksAtOnce = false;
  /** Why the session was discarded; empty if it was not. */
  #discarded = "";

  /** The secret of the session; empty before the first welcome. */
  get sessionToken(): string {
    return this.#sessionToken;
  }

  /** The number of the last attachment; 0 before the first. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The last server frame delivered to the application. */
  get delivered(): number {
    return this.#delivered;
  }

  /** The last client frame the server acknowledged. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /** Whether the send buffer is at its limit: wait for {@link confirm} before submitting more. */
  get full(): boolean {
    return this.#buffer.length >= SEND_BUFFER.frames || this.#bufferBytes >= SEND_BUFFER.bytes;
  }

  /** Numbers a frame and keeps it until the server acknowledges it. Returns its `seq`. */
  submit(body: ClientBody): number {
    if (this.#lastSubmitted >= LAST_SEQ) {
      throw new WigwagError("this session has used all 2^32-1 sequence numbers: open a new one", {
        code: "RESOURCE_EXHAUSTED",
        reason: "SEQ_EXHAUSTED",
        advice: "rejoin",
      });
    }
    const queued = { seq: ++this.#lastSubmitted, body, bytes: sizeOf(body) };
    this.#buffer.push(queued);
    this.#bufferBytes += queued.bytes;
    return queued.seq;
  }

  /**
   * Removes the body of a frame that cannot be encoded. Its number stays, since later frames have theirs already; the server
   * answers UNKNOWN_FRAME.
   */
  empty(seq: number): void {
    const queued = this.#buffer.find((frame) => frame.seq === seq);
    if (queued) queued.body = {};
  }

  /** Adds a pong to the next push. */
  pong(): void {
    this.#owesPong = true;
  }

  /** Adds an acknowledgment to the next push, even if it repeats the last one. */
  oweAck(): void {
    this.#owesAck = true;
  }

  /** Makes every acknowledgment due at once: a server that goes away reports unacknowledged envelopes as undelivered. */
  ackAtOnce(): void {
    this.#acksAtOnce = true;
  }

  /** Makes the acknowledgment of what was delivered due at once: the page may be gone before the next. */
  ackNow(): void {
    if (this.#delivered > this.#acked) this.#owesAck = true;
  }

  /** How long the acknowledgment may wait for a frame that carries it; 0: not at all; undefined: none is due. */
  get ackDelayMs(): number | undefined {
    if (this.#owesAck || this.#owesPong) return 0;
    const unacked = this.#delivered - this.#acked;
    if (unacked === 0) return undefined;
    if (this.#acksAtOnce || unacked >= ACK.frames || this.#unackedBytes >= ACK.bytes) return 0;
    return this.#receiptAwaited ? RECEIPT_ACK_DELAY_MS : ACK_DELAY_MS;
  }

  /** Returns the next frames to send, each with the current acknowledgment. `ackNow`: a bare ack if there is no other frame. */
  take(ackNow = false): ClientFrameJson[] {
    const frames: ClientFrameJson[] = [];
    const ack = this.#delivered;
    // After a resume, a bare ack is the first frame. It confirms the new epoch to the server.
    if (this.#owesAck) frames.push({ ack });
    if (this.#owesPong) frames.push({ ack, pong: {} });
    let bytes = 0;
    const end = Math.min(this.#buffer.length, WINDOW);
    while (this.#taken < end && frames.length < BATCH.frames) {
      const next = this.#buffer[this.#taken] as Queued;
      if (bytes > 0 && bytes + next.bytes > BATCH.bytes) break;
      bytes += next.bytes;
      frames.push({ seq: next.seq, ack, ...next.body });
      this.#taken += 1;
    }
    if (frames.length === 0 && ackNow && ack > this.#acked) frames.push({ ack });
    if (frames.length > 0) {
      this.#owesAck = false;
      this.#owesPong = false;
      this.#acked = ack;
      this.#unackedBytes = 0;
      this.#receiptAwaited = false;
    }
    return frames;
  }

  /** Returns everything unacknowledged, followed by `last`, for a page that is being unloaded. */
  takeAll(last: ClientBody): ClientFrameJson[] {
    this.submit(last);
    const ack = this.#delivered;
    return this.#buffer.map(({ seq, body }) => ({ seq, ack, ...body }));
  }

  /** Records that a push with acknowledgments up to `ack` arrived. */
  ackArrived(ack: number): void {
    this.#ackArrived = Math.max(this.#ackArrived, ack);
  }

  /** Drops every client frame up to `ack`, which the server acknowledged. Throws if there was no such frame. */
  confirm(ack: number): void {
    if (ack > this.#lastSubmitted) {
      throw protocolError("the server acknowledged a frame that was never sent");
    }
    if (ack <= this.#confirmed) return;
    this.#confirmed = ack;
    let done = 0;
    for (const queued of this.#buffer) {
      if (queued.seq > ack) break;
      this.#bufferBytes -= queued.bytes;
      done += 1;
    }
    this.#buffer.splice(0, done);
    this.#taken = Math.max(0, this.#taken - done);
  }

  /** Sends everything unacknowledged again, and repeats acknowledgments that may not have arrived. */
  rewind(): void {
    this.#taken = 0;
    this.#acked = this.#ackArrived;
  }

  /** Whether {@link take} would return numbered frames. */
  get pending(): boolean {
    return this.#taken < Math.min(this.#buffer.length, WINDOW);
  }

  /** Checks the number of a frame and applies its acknowledgment. */
  receive(frame: ServerFrameJson): Arrival {
    if (frame.ack) this.confirm(frame.ack);
    const seq = frame.seq ?? 0;
    if (seq === 0) return "new";
    if (seq > this.#delivered + 1) return "gap";
    if (seq === this.#delivered + 1) return "new";
    // The server repeats frames whose acknowledgment it lacks, so acknowledge again.
    this.#owesAck = true;
    return "duplicate";
  }

  /** Marks a frame as delivered to the application. */
  handled(frame: ServerFrameJson): void {
    if (!frame.seq) return;
    this.#delivered = frame.seq;
    this.#unackedBytes += sizeOf(frame);
    if (frame.envelope?.receipt) this.#receiptAwaited = true;
  }

  /** Returns what resumes the session, or undefined if there is no session yet. */
  resume(roomVersions: Record<string, number>): ResumeJson | undefined {
    if (this.#sessionToken === "") return undefined;
    return { sessionToken: this.#sessionToken, epoch: this.#epoch, lastSeq: this.#delivered, roomVersions };
  }

  /** Discards the session for this reason, so that the next welcome opens a new one. */
  discard(reason: string): void {
    this.#sessionToken = "";
    this.#discarded = reason;
  }

  /** Applies a `welcome`, which starts an attachment. `ack` is that of its frame. */
  welcome(welcome: WelcomeJson, ack: number): Attached {
    const token = welcome.sessionToken ?? "";
    const resumed = welcome.outcome === "OUTCOME_RESUMED";
    if (token === "" || (resumed && this.#sessionToken === "")) {
      throw protocolError("the server's welcome does not name a session");
    }
    const hadSession = this.#epoch > 0;
    this.#acksAtOnce = false;
    this.#sessionToken = token;
    this.#epoch = welcome.epoch ?? 0;
    if (resumed) {
      this.confirm(ack);
      this.rewind();
      this.#owesAck = true;
      this.#owesPong = false;
      // The `last_seq` of the resume was an acknowledgment.
      this.ackArrived(this.#delivered);
      this.#acked = this.#delivered;
      return { outcome: "resumed" };
    }
    this.#startOver();
    const reason = this.#discarded || welcome.resetReason || "UNKNOWN_SESSION";
    this.#discarded = "";
    return hadSession ? { outcome: "reset", reason } : { outcome: "new" };
  }

  #startOver(): void {
    this.#buffer = [];
    this.#bufferBytes = 0;
    this.#taken = 0;
    this.#lastSubmitted = 0;
    this.#confirmed = 0;
    this.#delivered = 0;
    this.#acked = 0;
    this.#ackArrived = 0;
    this.#unackedBytes = 0;
    this.#owesAck = false;
    this.#owesPong = false;
  }
}

/** The error of a breach of the protocol by the server. */
export function protocolError(message: string, cause?: unknown): WigwagError {
  return new WigwagError(message, { code: "INTERNAL", reason: "PROTOCOL", ...(cause !== undefined && { cause }) });
}
