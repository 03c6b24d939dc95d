// Parses the payloads and secrets of scenarios.
import type { IceCandidate, Payload, ReceivedPayload, RoomSecret, SessionDescription } from "../../src/index.js";
import type { Json } from "./scenario.js";

/** Converts a payload from protobuf JSON to the form of applications. */
export function payload(json: Json): Payload & ReceivedPayload {
  const { description, candidate, message, sealed } = json as {
    description?: SessionDescription;
    candidate?: IceCandidate;
    message?: { text?: string; binary?: string };
    sealed?: string;
  };
  if (description) return { description };
  if (candidate) return { candidate };
  if (message?.text !== undefined) return { text: message.text };
  if (message?.binary !== undefined) return { binary: bytes(message.binary, "base64") };
  if (sealed !== undefined) return { sealed: bytes(sealed, "base64") };
  throw new Error(`no payload: ${JSON.stringify(json)}`);
}

/** Parses the secret of a room. */
export function secret(json: Json): RoomSecret {
  const { passphrase, key } = json;
  if (typeof passphrase === "string") return { passphrase };
  if (typeof key === "string") return { key: bytes(key, "hex") };
  throw new Error(`no secret: ${JSON.stringify(json)}`);
}

function bytes(text: string, encoding: "base64" | "hex"): Uint8Array {
  return Uint8Array.from(Buffer.from(text, encoding));
}
