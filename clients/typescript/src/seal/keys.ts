import { WigwagError } from "../error.js";
import type { RoomSecret } from "./secret.js";

/** The name of this format, bound into every key and every envelope. */
export const LABEL = utf8("wigwag/seal/v1");
const ITERATIONS = 600_000;
const KEY_BYTES = 32;

/** Bytes as WebCrypto accepts them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A room's keys, derived from its secret. */
export class RoomKeys {
  private constructor(
    /** The room's name; empty for direct envelopes. */
    readonly room: string,
    /** Identifies the secret without revealing it. */
    readonly id: Bytes,
    private readonly master: CryptoKey,
  ) {}

  /** @internal Use {@link deriveKeys}. */
  static async of(room: string, master: Bytes): Promise<RoomKeys> {
    const base = await subtle().importKey("raw", master, "HKDF", false, ["deriveBits"]);
    const id = await expand(base, [utf8("id"), withLength(room)], 8);
    return new RoomKeys(room, id, base);
  }

  /** Returns whether the keys have the same secret and room. */
  equals(other: RoomKeys): boolean {
    return this.room === other.room && sameBytes(this.id, other.id);
  }

  /** @internal Derives the key of one sender; `from` is its peer id. */
  senderKey(from: string): Promise<Bytes> {
    return expand(this.master, [utf8("key"), withLength(this.room), withLength(from)], KEY_BYTES);
  }

  /** Derives the cipher of one sender. */
  async cipher(from: string): Promise<CryptoKey> {
    return subtle().importKey("raw", await this.senderKey(from), "AES-GCM", false, ["encrypt", "decrypt"]);
  }
}

/**
 * Derives a room's keys. With a passphrase this takes a fraction of a second, without blocking the thread. Rejects with
 * INVALID_FIELD: an empty passphrase, a key that is not 32 bytes long, or a runtime without WebCrypto.
 */
export async function deriveKeys(secret: RoomSecret, room: string): Promise<RoomKeys> {
  if ("key" in secret) {
    if (secret.key.length !== KEY_BYTES) throw invalid(`the key has ${secret.key.length} bytes: it must have ${KEY_BYTES}`);
    return RoomKeys.of(room, Uint8Array.from(secret.key));
  }
  const passphrase = utf8(secret.passphrase.normalize("NFC"));
  if (passphrase.length === 0) throw invalid("the passphrase is empty: use at least five random words");
  const salt = concat(LABEL, Uint8Array.of(0), utf8(room));
  const base = await subtle().importKey("raw", passphrase, "PBKDF2", false, ["deriveBits"]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt, iterations: ITERATIONS };
  return RoomKeys.of(room, new Uint8Array(await subtle().deriveBits(parameters, base, KEY_BYTES * 8)));
}

/** Returns the additional authenticated data; `head` is bytes 0 to 16 of the sealed payload. */
export function associatedData(head: Bytes, room: string, from: string, to: string): Bytes {
  return concat(LABEL, head, withLength(room), withLength(from), withLength(to));
}

/** Returns WebCrypto. Browsers have it only in secure contexts. */
export function subtle(): SubtleCrypto {
  const found = (globalThis as { crypto?: { subtle?: SubtleCrypto } }).crypto?.subtle;
  if (!found) throw invalid("sealing needs WebCrypto, which browsers have only on https:// and localhost: serve the page from there");
  return found;
}

/** Concatenates bytes. */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Compares bytes. Not for secrets: the time depends on the content. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Prefixes a text with its length in two bytes. Names and ids are far below 64 KiB. */
export function withLength(text: string): Bytes {
  const bytes = utf8(text);
  return concat(Uint8Array.of(bytes.length >> 8, bytes.length), bytes);
}

function utf8(text: string): Bytes {
  return Uint8Array.from(new TextEncoder().encode(text));
}

async function expand(master: CryptoKey, info: readonly Bytes[], length: number): Promise<Bytes> {
  const parameters = { name: "HKDF", hash: "SHA-256", salt: LABEL, info: concat(...info) };
  return new Uint8Array(await subtle().deriveBits(parameters, master, length * 8));
}

function invalid(message: string): WigwagError {
  return new WigwagError(message, { code: "INVALID_ARGUMENT", reason: "INVALID_FIELD", metadata: { field: "secret" } });
}
