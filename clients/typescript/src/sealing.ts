import { WigwagError } from "./error.js";
import type { EnvelopeJson } from "./gen/wigwag/v1/envelope_pb.js";
import type { RoomKeys } from "./seal/keys.js";
import type { Seals } from "./seal/seals.js";

/**
 * What the members of a room share and the server does not know: 32 random bytes, which nobody can guess, or a passphrase,
 * which is to be long (five random words at least), since whoever records traffic can try passphrases offline. A passphrase
 * is taken in Unicode's NFC; making keys of it takes a fraction of a second.
 */
export type RoomSecret = { key: Uint8Array } | { passphrase: string };

/** Which rooms of a session are sealed. The code that does it is loaded with the first secret. */
export class Sealing {
  #seals: Seals | undefined;
  #loading: Promise<Seals> | undefined;

  /** Makes a room's keys; the empty name stands for direct envelopes. */
  async keys(secret: RoomSecret, room: string): Promise<RoomKeys> {
    const { deriveKeys } = await load();
    return deriveKeys(secret, room);
  }

  /** Seals and opens direct envelopes with these keys from now on. */
  async direct(keys: RoomKeys): Promise<void> {
    (await this.#loaded()).direct(keys);
  }

  /** Must be done before {@link asked}. */
  async prepare(): Promise<void> {
    await this.#loaded();
  }

  /** A join with these keys is on its way. */
  asked(seq: number, keys: RoomKeys): void {
    this.#seals?.asked(seq, keys);
  }

  /** A request was answered: with a seat in this room, or without one. */
  answered(seq: number, room?: string): void {
    this.#seals?.answered(seq, room);
  }

  /** The seat in a room is gone. */
  left(room: string): void {
    this.#seals?.left(room);
  }

  /** A new session took the place of the old one. */
  reset(): void {
    this.#seals?.reset();
  }

  /** Whether what is sent in this room is sealed. */
  covers(room: string): boolean {
    return this.#seals?.covers(room) ?? false;
  }

  /** The envelope with its payload sealed. The order of calls is the order of the counters. */
  seal(from: string, envelope: EnvelopeJson): Promise<EnvelopeJson> {
    return this.#seals ? this.#seals.seal(from, envelope) : Promise.resolve(envelope);
  }

  /** The envelope with its payload opened. Rejects with a `WigwagError` that says why it cannot be. */
  open(me: string, envelope: EnvelopeJson): Promise<EnvelopeJson> {
    return this.#seals ? this.#seals.open(me, envelope) : Promise.resolve(envelope);
  }

  #loaded(): Promise<Seals> {
    return (this.#loading ??= load().then(({ Seals }) => (this.#seals = new Seals())));
  }
}

function load(): Promise<typeof import("./seal/seals.js")> {
  return import("./seal/seals.js").catch((cause: unknown) => {
    throw new WigwagError("the part of this package that seals cannot be loaded", {
      code: "UNAVAILABLE",
      reason: "UNREACHABLE",
      cause,
    });
  });
}

/** A name nobody guesses, for a room whose keys must be known before the server has named it: 128 random bits in base32. */
export function randomRoomName(): string {
  const bits = crypto.getRandomValues(new Uint8Array(26));
  // The last digit has three bits only: 25 * 5 + 3 = 128.
  bits[25] = (bits[25] as number) & 7;
  return Array.from(bits, (bit) => "abcdefghijklmnopqrstuvwxyz234567"[bit & 31]).join("");
}
