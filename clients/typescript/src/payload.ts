import { fromBase64, toBase64 } from "./base64.js";
import type { AppDataJson, EnvelopeJson } from "./gen/wigwag/v1/envelope_pb.js";

/** A session description (RFC 9429). The browser's `RTCSessionDescription` and its init dictionary are assignable. */
export interface SessionDescription {
  /** The type, as in W3C `RTCSdpType`. */
  type: "offer" | "answer" | "pranswer" | "rollback";
  /** The SDP text. May be absent for a rollback. */
  sdp?: string;
}

/**
 * An ICE candidate (RFC 8838). The browser's `RTCIceCandidate` and its init dictionary are assignable. An empty `candidate`
 * means end of candidates.
 */
export interface IceCandidate {
  /** The candidate-attribute (RFC 8839); empty: end of candidates. */
  candidate?: string;
  /** Identification tag of the media description it belongs to. */
  sdpMid?: string | null;
  /** Zero-based index of the media description it belongs to. */
  sdpMLineIndex?: number | null;
  /** The ICE username fragment it belongs to. */
  usernameFragment?: string | null;
}

/** The content of an envelope: exactly one of these. */
export type Payload =
  /** A session description. */
  | { description: SessionDescription }
  /** An ICE candidate; `null`, as in the last `icecandidate` event, means end of candidates. */
  | { candidate: IceCandidate | null }
  /** Text, in a format of the application. */
  | { text: string }
  /** Bytes, in a format of the application. */
  | { binary: Uint8Array }
  /** Bytes encrypted by the sender for the recipients; opaque to the server. */
  | { sealed: Uint8Array };

/** A {@link Payload} as it is received: end of candidates is always a candidate whose text is empty. */
export type ReceivedPayload =
  | { description: SessionDescription }
  | { candidate: IceCandidate }
  | { text: string }
  | { binary: Uint8Array }
  | { sealed: Uint8Array };

type PayloadJson = Pick<EnvelopeJson, "description" | "candidate" | "message" | "sealed">;

/** Converts a payload to protobuf JSON. Reads each field by name, since browser objects have theirs on the prototype. */
export function encodePayload(payload: Payload): PayloadJson {
  if ("description" in payload) {
    const { type, sdp } = payload.description;
    return { description: { type, sdp: sdp ?? "" } };
  }
  if ("candidate" in payload) {
    const from = payload.candidate;
    if (from === null) return { candidate: { candidate: "" } };
    return {
      candidate: {
        candidate: from.candidate ?? "",
        ...(from.sdpMid == null ? {} : { sdpMid: from.sdpMid }),
        ...(from.sdpMLineIndex == null ? {} : { sdpMLineIndex: from.sdpMLineIndex }),
        ...(from.usernameFragment == null ? {} : { usernameFragment: from.usernameFragment }),
      },
    };
  }
  if ("text" in payload) return { message: { text: payload.text } };
  if ("binary" in payload) return { message: { binary: toBase64(payload.binary) } };
  return { sealed: toBase64(payload.sealed) };
}

/** Converts the payload of a received envelope; undefined if this version does not know its kind. */
export function decodePayload(envelope: EnvelopeJson): ReceivedPayload | undefined {
  if (envelope.description) {
    const { type, sdp } = envelope.description;
    // The server accepts only the four types of the W3C dictionary.
    return { description: { type: type as SessionDescription["type"], sdp: sdp ?? "" } };
  }
  if (envelope.candidate) return { candidate: { ...envelope.candidate } };
  if (envelope.sealed !== undefined) return { sealed: fromBase64(envelope.sealed) };
  return envelope.message && decodeMessage(envelope.message);
}

function decodeMessage(message: AppDataJson): ReceivedPayload | undefined {
  if (message.binary !== undefined) return { binary: fromBase64(message.binary) };
  if (message.text !== undefined) return { text: message.text };
  return undefined;
}
