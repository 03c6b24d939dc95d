import { fromBinary, fromJson, type JsonObject, toBinary, toJson } from "@bufbuild/protobuf";
import { type EnvelopeJson, EnvelopeSchema } from "../gen/wigwag/v1/envelope_pb.js";
import type { Bytes } from "./keys.js";
import { unknownSeal } from "./opener.js";

/** The payload fields of an envelope. */
type PayloadJson = Pick<EnvelopeJson, "description" | "candidate" | "message" | "sealed">;

/** Returns the plaintext of a payload: an envelope with only the payload set, in protobuf. */
export function encodeContent({ description, candidate, message, sealed }: PayloadJson): Bytes {
  const given = Object.entries({ description, candidate, message, sealed }).filter(([, value]) => value !== undefined);
  return Uint8Array.from(toBinary(EnvelopeSchema, fromJson(EnvelopeSchema, Object.fromEntries(given) as JsonObject)));
}

/** Returns the payload in a plaintext. Throws SEAL_UNKNOWN. */
export function decodeContent(plaintext: Bytes): PayloadJson {
  let json: EnvelopeJson;
  try {
    json = toJson(EnvelopeSchema, fromBinary(EnvelopeSchema, plaintext));
  } catch {
    throw unknownSeal("its content cannot be decoded");
  }
  const { description, candidate, message, sealed } = json;
  if (description) return { description };
  if (candidate) return { candidate };
  if (message?.text !== undefined || message?.binary !== undefined) return { message };
  if (sealed !== undefined) return { sealed };
  throw unknownSeal("this client does not know the kind of its content: update the client");
}
