import { WigwagError } from "./error.js";
import type { ServerFrameJson } from "./gen/wigwag/v1/frame_pb.js";

/** Limit of envelopes whose recipient is remembered, to report a later failure in the right room. */
const MAX_REMEMBERED = 4_096;

/** A call that waits for its answer. */
export interface PendingRequest {
  reply(frame: ServerFrameJson): void;
  fail(error: WigwagError): void;
}

/** The recipient of an envelope; `room` is empty for a direct one. */
export interface Recipient {
  readonly room: string;
  readonly to: string;
}

/** The frames that were sent and may still be answered: requests and envelopes. */
export class Requests {
  readonly #pending = new Map<number, PendingRequest>();
  readonly #envelopes = new Map<number, Recipient>();
  /** Frames that failed here already, whose answers are of no interest. */
  readonly #failed = new Set<number>();

  /** Completes `request` with the frame that answers `seq`. */
  expect(seq: number, request: PendingRequest): void {
    this.#pending.set(seq, request);
  }

  /** Remembers the recipient of the envelope `seq`, and forgets the oldest one when there are too many. */
  sent(seq: number, recipient: Recipient): void {
    this.#envelopes.set(seq, recipient);
    if (this.#envelopes.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#envelopes.keys()) {
      this.#envelopes.delete(oldest);
      break;
    }
  }

  /** Returns the recipient of the envelope `seq`, if it is still remembered. */
  recipient(seq: number): Recipient | undefined {
    return this.#envelopes.get(seq);
  }

  /** Completes the request that a frame answers. Returns false if there is none. */
  answer(frame: ServerFrameJson): boolean {
    if (this.#failed.delete(frame.replyTo ?? 0)) return true;
    const request = this.#pending.get(frame.replyTo ?? 0);
    if (!request) return false;
    this.#pending.delete(frame.replyTo ?? 0);
    if (frame.error) request.fail(WigwagError.fromFrame(frame.error));
    else request.reply(frame);
    return true;
  }

  /** Fails the request `seq`, whose frame cannot be sent. Returns false if it is not one: then it is an envelope. */
  fail(seq: number, error: WigwagError): boolean {
    this.#failed.add(seq);
    const request = this.#pending.get(seq);
    this.#pending.delete(seq);
    request?.fail(error);
    return request !== undefined;
  }

  /** Fails every request, since the session is lost. */
  failAll(error: WigwagError): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#envelopes.clear();
    this.#failed.clear();
    for (const request of pending) request.fail(error);
  }
}
