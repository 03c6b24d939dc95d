import { fromBase64, toBase64 } from "./base64.js";
import type { AppDataJson, EnvelopeJson } from "./gen/wigwag/v1/envelope_pb.js";

/** A session description (RFC 9429); the browser's `RTCSessionDescription` and its init dictionary fit. */
export interface SessionDescription {
  /** What it is in the exchange of offer and answer. */
  type: "offer" | "answer" | "pranswer" | "rollback";
  /** The SDP text. May be absent for a rollback. */
  sdp?: string;
}

/**
 * An ICE candidate (RFC 8838); the browser's `RTCIceCandidate` and its init dictionary fit. An empty `candidate` means
 * end of candidates.
 */
export interface IceCandidate {
  /** The candidate-attribute (RFC 8839); empty: end of candidates. */
  candidate?: string;
  /** The media description it belongs to, by its identification tag. */
  sdpMid?: string | null;
  /** The media description it belongs to, by its index from 0. */
  sdpMLineIndex?: number | null;
  /** The ICE generation it belongs to. */
  usernameFragment?: string | null;
}

/** What one envelope carries: exactly one of these. */
export type Payload =
  /** A session description. */
  | { description: SessionDescription }
  /** An ICE candidate; `null`, as in the last `icecandidate` event, means end of candidates. */
  | { candidate: IceCandidate | null }
  /** Text of the application's own. */
  | { text: string }
  /** Bytes of the application's own. */
  | { binary: Uint8Array }
  /** Bytes encrypted by the sender for the recipients; opaque to the server. */
  | { sealed: Uint8Array };

/** As {@link Payload}, as it arrives: end of candidates is always a candidate whose text is empty. */
export type ReceivedPayload =
  | { description: SessionDescription }
  | { candidate: IceCandidate }
  | { text: string }
  | { binary: Uint8Array }
  | { sealed: Uint8Array };

type PayloadJson = Pick<EnvelopeJson, "description" | "candidate" | "message" | "sealed">;

/** A payload as the wire's JSON has it. Reads known fields only: browser objects keep theirs on the prototype. */
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

/** The payload of an envelope that came in, or undefined when it has none this version knows. */
export function decodePayload(envelope: EnvelopeJson): ReceivedPayload | undefined {
  if (envelope.description) {
    const { type, sdp } = envelope.description;
    // The server lets only the four types of the W3C dictionary pass.
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
