import { WigwagError } from "./error.js";
import type { EnvelopeJson } from "./gen/wigwag/v1/envelope_pb.js";
import type { RoomKeys } from "./seal/keys.js";
import type { Seals } from "./seal/seals.js";
import type { RoomSecret } from "./seal/secret.js";

/** Seals and opens envelopes of a session. The cryptography is loaded with the first secret. */
export class Sealing {
  #seals: Seals | undefined;
  #loading: Promise<Seals> | undefined;

  /** Derives a room's keys; the empty name stands for direct envelopes. */
  async keys(secret: RoomSecret, room: string): Promise<RoomKeys> {
    const { deriveKeys } = await load();
    return deriveKeys(secret, room);
  }

  /** Sets the keys of direct envelopes. */
  async direct(keys: RoomKeys): Promise<void> {
    (await this.#loaded()).direct(keys);
  }

  /** Loads the code; must complete before {@link joinRequested}. */
  async prepare(): Promise<void> {
    await this.#loaded();
  }

  /** Remembers the keys of a join that was sent. */
  joinRequested(seq: number, keys: RoomKeys): void {
    this.#seals?.joinRequested(seq, keys);
  }

  /** Applies the answer to a request; `room` is set if it was a join that succeeded. */
  joinAnswered(seq: number, room?: string): void {
    this.#seals?.joinAnswered(seq, room);
  }

  /** Forgets the keys of a room that was left. */
  left(room: string): void {
    this.#seals?.left(room);
  }

  /** Starts over for a new session. */
  reset(): void {
    this.#seals?.reset();
  }

  /** Returns whether envelopes in this room are sealed. */
  seals(room: string): boolean {
    return this.#seals?.seals(room) ?? false;
  }

  /** Returns the envelope with its payload sealed. The order of calls is the order of the counters. */
  seal(from: string, envelope: EnvelopeJson): Promise<EnvelopeJson> {
    return this.#seals ? this.#seals.seal(from, envelope) : Promise.resolve(envelope);
  }

  /** Returns the envelope with its payload opened. Rejects with a `WigwagError` if it cannot be opened. */
  open(me: string, envelope: EnvelopeJson): Promise<EnvelopeJson> {
    return this.#seals ? this.#seals.open(me, envelope) : Promise.resolve(envelope);
  }

  #loaded(): Promise<Seals> {
    return (this.#loading ??= load().then(({ Seals }) => (this.#seals = new Seals())));
  }
}

function load(): Promise<typeof import("./seal/seals.js")> {
  return import("./seal/seals.js").catch((cause: unknown) => {
    throw new WigwagError("the module that seals could not be loaded: check the deployment of the page and the network", {
      code: "UNAVAILABLE",
      reason: "UNREACHABLE",
      cause,
    });
  });
}

/** Returns an unguessable name for a room that the server has not named, since its keys depend on it: 128 random bits in base32. */
export function randomRoomName(): string {
  const bits = crypto.getRandomValues(new Uint8Array(26));
  // The last digit has only three bits: 25 * 5 + 3 = 128.
  bits[25] = (bits[25] as number) & 7;
  return Array.from(bits, (bit) => "abcdefghijklmnopqrstuvwxyz234567"[bit & 31]).join("");
}
