/** Encodes bytes as protobuf JSON does. */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  // In slices, since the arguments of a call are on the stack.
  for (let at = 0; at < bytes.length; at += 8192) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(binary);
}

/** Decodes a base64 text. Throws if it is invalid. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}
