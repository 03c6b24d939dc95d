import type { ClientBody } from "./session-core.js";

/** JSON writes a control character as six; `seq`, `ack` and the braces around them take less than the rest. */
const WORST = 6;
const HEAD = 64;

/**
 * Whether the server is going to refuse a frame as too large. `json`: it goes up as JSON, whose size is known here to the
 * byte. The size of protobuf is not computed, it is estimated from below: what is only just too large the server refuses.
 */
export function isTooLarge(body: ClientBody, limit: number, json: boolean): boolean {
  if (sizeOf(body) * WORST + HEAD <= limit) return false;
  return (json ? bytesOf(JSON.stringify({ seq: 2 ** 32 - 1, ack: 2 ** 32 - 1, ...body })) : payloadBytes(body)) > limit;
}

/** About how many bytes a frame takes: its texts and field names in UTF-16 units. UTF-8 takes at most three times that. */
export function sizeOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 1;
  let bytes = 2;
  for (const [key, inner] of Object.entries(value)) bytes += key.length + sizeOf(inner);
  return bytes;
}

/** The texts and bytes in a frame, without anything around them. */
function payloadBytes(value: unknown, name = ""): number {
  // Base64 in JSON, bytes in protobuf.
  if (typeof value === "string") return name === "binary" || name === "sealed" ? decodedLength(value) : bytesOf(value);
  if (typeof value !== "object" || value === null) return 0;
  let bytes = 0;
  for (const [key, inner] of Object.entries(value)) bytes += payloadBytes(inner, key);
  return bytes;
}

function decodedLength(base64: string): number {
  return Math.floor((base64.replace(/=+$/, "").length * 3) / 4);
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
