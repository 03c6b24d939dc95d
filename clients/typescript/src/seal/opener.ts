import { type Code, WigwagError } from "../error.js";
import { associatedData, type Bytes, type RoomKeys, sameBytes, subtle } from "./keys.js";
import { VERSION } from "./sealer.js";

/** Senders whose counters are kept: four times the members of a full room. */
const SENDERS = 4_096;
/** Where the parts are: version, key id, counter, nonce, ciphertext with its tag. */
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

/** Opens what comes in one room; one call at a time, in the order of arrival. */
export class Opener {
  /** By peer id, whoever was heard longest ago first. */
  readonly #senders = new Map<string, Sender>();

  constructor(private readonly keys: RoomKeys) {}

  /** How many senders are remembered. */
  get senders(): number {
    return this.#senders.size;
  }

  /**
   * The plaintext. `from` is the sender as the server says; `to` one's own peer id when the envelope was sent to one peer,
   * empty when it was sent to everybody. Rejects with WRONG_KEY, SEAL_BROKEN, REPLAYED or SEAL_UNKNOWN.
   */
  async open(from: string, to: string, sealed: Bytes): Promise<Bytes> {
    if (sealed[0] !== VERSION) throw unknownSeal("it is not sealed in a format this client knows");
    if (sealed.length < CIPHERTEXT + TAG) throw unknownSeal("it is too short to be sealed");
    if (!sameBytes(sealed.subarray(KEY_ID, COUNTER), this.keys.id)) {
      throw refused("FAILED_PRECONDITION", "WRONG_KEY", "it was sealed with another secret: give everybody the same one");
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

  /** @internal Takes note of a genuine envelope. Only those count: others could push true senders out. */
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

/** Sealed in no way this client knows, or with a content it does not know. */
export function unknownSeal(why: string): WigwagError {
  return refused("INVALID_ARGUMENT", "SEAL_UNKNOWN", why);
}

/** Not sealed where everything must be. */
export function notSealed(): WigwagError {
  return refused("FAILED_PRECONDITION", "NOT_SEALED", "it is not sealed: its sender has no secret, or the server made it up");
}

function refused(code: Code, reason: string, why: string): WigwagError {
  return new WigwagError(`an envelope cannot be opened: ${why}`, { code, reason });
}
