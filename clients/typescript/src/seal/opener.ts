import { type Code, WigwagError } from "../error.js";
import { associatedData, type Bytes, type RoomKeys, sameBytes, subtle } from "./keys.js";
import { VERSION } from "./sealer.js";

/** Limit of senders whose counters are kept: four times the members of a full room. */
const SENDERS = 4_096;
/** Offsets: version, key id, counter, nonce, ciphertext with its tag. */
const KEY_ID = 1;
const COUNTER = 9;
const NONCE = 17;
const CIPHERTEXT = 29;
const TAG = 16;

interface Sender {
  readonly cipher: CryptoKey;
  /** The counter of the last envelope that was opened. */
  readonly counter: bigint;
}

/** Decrypts what arrives in one room; one call at a time, in the order of arrival. */
export class Opener {
  /** By peer id, the sender with the oldest envelope first. */
  readonly #senders = new Map<string, Sender>();

  constructor(private readonly keys: RoomKeys) {}

  /** How many senders are remembered. */
  get senders(): number {
    return this.#senders.size;
  }

  /**
   * Returns the plaintext. `from` is the sender according to the server; `to` is this session's peer id if the envelope was sent
   * to one peer, empty if it was sent to everybody. Rejects with WRONG_KEY, SEAL_BROKEN, REPLAYED or SEAL_UNKNOWN.
   */
  async open(from: string, to: string, sealed: Bytes): Promise<Bytes> {
    if (sealed[0] !== VERSION) throw unknownSeal("this client does not know the format: update the client");
    if (sealed.length < CIPHERTEXT + TAG) throw unknownSeal("it is shorter than the 45 bytes of an empty seal");
    if (!sameBytes(sealed.subarray(KEY_ID, COUNTER), this.keys.id)) {
      throw refused("FAILED_PRECONDITION", "WRONG_KEY", "its sender has another secret: give everybody in the room the same one");
    }
    const cipher = this.#senders.get(from)?.cipher ?? (await this.keys.cipher(from));
    const additionalData = associatedData(sealed.slice(0, NONCE), this.keys.room, from, to);
    const iv = sealed.slice(NONCE, CIPHERTEXT);
    let plaintext: ArrayBuffer;
    try {
      plaintext = await subtle().decrypt({ name: "AES-GCM", iv, additionalData }, cipher, sealed.slice(CIPHERTEXT));
    } catch {
      const why = "it was changed on the way, or is not from this sender, or not for this receiver";
      throw refused("DATA_LOSS", "SEAL_BROKEN", why);
    }
    this.count(from, cipher, new DataView(sealed.buffer, sealed.byteOffset).getBigUint64(COUNTER));
    return new Uint8Array(plaintext);
  }

  /** @internal Records the counter of an authenticated envelope. Forged ones could push real senders out. */
  count(from: string, cipher: CryptoKey, counter: bigint): void {
    if (counter <= (this.#senders.get(from)?.counter ?? 0n)) {
      throw refused("DATA_LOSS", "REPLAYED", "the server repeated it, or delivered it after a later one");
    }
    this.#senders.delete(from);
    this.#senders.set(from, { cipher, counter });
    if (this.#senders.size <= SENDERS) return;
    for (const longestAgo of this.#senders.keys()) {
      this.#senders.delete(longestAgo);
      break;
    }
  }
}

/** The error of an unknown format, or an unknown kind of content. */
export function unknownSeal(why: string): WigwagError {
  return refused("INVALID_ARGUMENT", "SEAL_UNKNOWN", why);
}

/** The error of an envelope that is not sealed in a sealed room. */
export function notSealed(): WigwagError {
  return refused("FAILED_PRECONDITION", "NOT_SEALED", "it is not sealed: its sender has no secret, or the server forged it");
}

function refused(code: Code, reason: string, why: string): WigwagError {
  return new WigwagError(`an envelope cannot be opened: ${why}`, { code, reason });
}
