import { associatedData, type Bytes, concat, type RoomKeys, subtle } from "./keys.js";

/** The first byte of every payload sealed in this format. */
export const VERSION = 1;

/** Encrypts a plaintext with this counter and nonce. `cipher` is the sender's. */
export async function sealWith(
  keys: RoomKeys,
  cipher: CryptoKey,
  envelope: { readonly from: string; readonly to: string; readonly counter: number; readonly nonce: Bytes },
  plaintext: Bytes,
): Promise<Bytes> {
  const counter = new Uint8Array(8);
  new DataView(counter.buffer).setBigUint64(0, BigInt(envelope.counter));
  const head = concat(Uint8Array.of(VERSION), keys.id, counter);
  const additionalData = associatedData(head, keys.room, envelope.from, envelope.to);
  const ciphertext = await subtle().encrypt({ name: "AES-GCM", iv: envelope.nonce, additionalData }, cipher, plaintext);
  return concat(head, envelope.nonce, new Uint8Array(ciphertext));
}
