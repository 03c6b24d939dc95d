import { WigwagError } from "./error.js";
import type { ServerFrameJson } from "./gen/wigwag/v1/frame_pb.js";

/** Envelopes whose addressee is remembered, so that a late failure can be told where it belongs. */
const REMEMBERED = 4_096;

/** Who waits for the answer to a request. */
export interface Waiter {
  reply(frame: ServerFrameJson): void;
  fail(error: WigwagError): void;
}

/** Where an envelope went; `room` is empty for a direct one. */
export interface Addressee {
  readonly room: string;
  readonly to: string;
}

/** What is known of the frames sent: who waits for the answer to which, and where the envelopes went. */
export class Requests {
  readonly #waiters = new Map<number, Waiter>();
  readonly #envelopes = new Map<number, Addressee>();

  /** `waiter` gets the frame that answers `seq`. */
  expect(seq: number, waiter: Waiter): void {
    this.#waiters.set(seq, waiter);
  }

  /** Remembers where the envelope `seq` went. The oldest is forgotten when there are too many. */
  sent(seq: number, addressee: Addressee): void {
    this.#envelopes.set(seq, addressee);
    if (this.#envelopes.size <= REMEMBERED) return;
    for (const oldest of this.#envelopes.keys()) {
      this.#envelopes.delete(oldest);
      break;
    }
  }

  /** Where the envelope `seq` went, when that is still known. */
  addressee(seq: number): Addressee | undefined {
    return this.#envelopes.get(seq);
  }

  /** Hands an answer to who waits for it. False when nobody does. */
  answer(frame: ServerFrameJson): boolean {
    const waiter = this.#waiters.get(frame.replyTo ?? 0);
    if (!waiter) return false;
    this.#waiters.delete(frame.replyTo ?? 0);
    if (frame.error) waiter.fail(WigwagError.fromFrame(frame.error));
    else waiter.reply(frame);
    return true;
  }

  /** Fails everything that waits: its session is gone. */
  failAll(error: WigwagError): void {
    const waiters = [...this.#waiters.values()];
    this.#waiters.clear();
    this.#envelopes.clear();
    for (const waiter of waiters) waiter.fail(error);
  }
}
