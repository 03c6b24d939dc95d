import type { ClientBody } from "./client-body.js";

/** Bytes JSON takes for a control character, the longest escape; and more than `seq`, `ack` and their braces take. */
const LONGEST_ESCAPE = 6;
const OVERHEAD = 64;

/**
 * Returns whether a frame exceeds the server's limit. `json`: it is sent as JSON, whose size is measured exactly. The size of
 * protobuf is a lower bound, so that a frame slightly above the limit is left for the server to refuse.
 */
export function isTooLarge(body: ClientBody, limit: number, json: boolean): boolean {
  if (sizeOf(body) * LONGEST_ESCAPE + OVERHEAD <= limit) return false;
  return (json ? bytesOf(JSON.stringify({ seq: 2 ** 32 - 1, ack: 2 ** 32 - 1, ...body })) : payloadBytes(body)) > limit;
}

/** Estimates the size of a frame by its texts and field names in UTF-16 units. UTF-8 takes at most three times that. */
export function sizeOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 1;
  let bytes = 2;
  for (const [key, inner] of Object.entries(value)) bytes += key.length + sizeOf(inner);
  return bytes;
}

/** Returns the total size of the texts and bytes in a frame. */
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
