import { fromBase64, toBase64 } from "../base64.js";
import type { EnvelopeJson } from "../gen/wigwag/v1/envelope_pb.js";
import { decodeContent, encodeContent } from "./content.js";
import type { RoomKeys } from "./keys.js";
import { notSealed, Opener } from "./opener.js";
import { sealWith } from "./sealer.js";

export { deriveKeys } from "./keys.js";

interface Seal {
  readonly keys: RoomKeys;
  readonly opener: Opener;
  /** This session's cipher as a sender. */
  own: { readonly from: string; readonly cipher: Promise<CryptoKey> } | undefined;
}

/** The keys and counters of the sealed rooms of one session. */
export class Seals {
  readonly #rooms = new Map<string, Seal>();
  #direct: Seal | undefined;
  /** Keys of joins that are not answered yet, by their `seq`. */
  readonly #awaited = new Map<number, RoomKeys>();
  /** Increases with every envelope of the session, whatever its room. */
  #counter = 0;

  /** Sets the keys of direct envelopes. */
  direct(keys: RoomKeys): void {
    this.#direct = newSeal(keys);
  }

  joinRequested(seq: number, keys: RoomKeys): void {
    this.#awaited.set(seq, keys);
  }

  joinAnswered(seq: number, room: string | undefined): void {
    const keys = this.#awaited.get(seq);
    if (!keys) return;
    this.#awaited.delete(seq);
    if (room === undefined) return;
    // With the same secret again, keep the counters, so that replays are still recognized.
    if (!this.#rooms.get(room)?.keys.equals(keys)) this.#rooms.set(room, newSeal(keys));
  }

  left(room: string): void {
    this.#rooms.delete(room);
  }

  /** Starts over for a new session, which has no rooms and another peer id. */
  reset(): void {
    this.#rooms.clear();
    this.#awaited.clear();
    this.#counter = 0;
    if (this.#direct) this.#direct = newSeal(this.#direct.keys);
  }

  seals(room: string): boolean {
    return this.#of(room) !== undefined;
  }

  async seal(from: string, envelope: EnvelopeJson): Promise<EnvelopeJson> {
    const { room = "", to = "", receipt } = envelope;
    const seal = this.#of(room);
    if (!seal) return envelope;
    const counter = (this.#counter += 1);
    if (seal.own?.from !== from) seal.own = { from, cipher: seal.keys.cipher(from) };
    const nonce = crypto.getRandomValues(new Uint8Array(12));
    const cipher = await seal.own.cipher;
    const sealed = await sealWith(seal.keys, cipher, { from, to, counter, nonce }, encodeContent(envelope));
    return { room, to, ...(receipt !== undefined && { receipt }), sealed: toBase64(sealed) };
  }

  async open(me: string, envelope: EnvelopeJson): Promise<EnvelopeJson> {
    const { room = "", from = "", to = "", sealed } = envelope;
    const seal = this.#of(room);
    if (!seal) return envelope;
    if (sealed === undefined) throw notSealed();
    // Not the recipient in the envelope: an envelope sealed for another peer must not open here.
    const content = await seal.opener.open(from, to === "" ? "" : me, fromBase64(sealed));
    return { room, from, to, ...decodeContent(content) };
  }

  #of(room: string): Seal | undefined {
    return room === "" ? this.#direct : this.#rooms.get(room);
  }
}

function newSeal(keys: RoomKeys): Seal {
  return { keys, opener: new Opener(keys), own: undefined };
}
