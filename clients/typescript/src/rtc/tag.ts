/**
 * Identifies the connection of a session description and, in an answer, the offer it answers. A peer may replace its
 * `RTCPeerConnection` while descriptions of the old one are in flight, and plain SDP does not say which offer an answer is for. So
 * the SDP has an attribute line, which other clients ignore as RFC 8866 (section 5.13) requires:
 *
 *     a=x-wigwag:offer CONNECTION NUMBER [REMOTE]
 *     a=x-wigwag:answer CONNECTION OFFERER NUMBER
 */
export type Tag =
  | {
      readonly type: "offer";
      /** Id of the `RTCPeerConnection` that offers. */
      readonly from: string;
      /** Counts the offers of that connection, from 1; 0 when unknown. */
      readonly number: number;
      /** Id of the other peer's connection the offer is for, if the sender knows it. */
      readonly to?: string | undefined;
    }
  | {
      readonly type: "answer";
      /** Id of the `RTCPeerConnection` that answers. */
      readonly from: string;
      /** Id of the connection whose offer it answers; undefined if unknown. */
      readonly to: string | undefined;
      /** The number of that offer. */
      readonly number: number;
    };

const NAME = "a=x-wigwag:";
const ROLE = "a=x-wigwag-role:";

/** Adds a tag to an SDP, at session level. */
export function writeTag(sdp: string, tag: Tag): string {
  const words =
    tag.type === "offer" ? ["offer", tag.from, tag.number, tag.to ?? ""] : ["answer", tag.from, tag.to ?? "", tag.number];
  const line = `${NAME}${words.join(" ").trimEnd()}\r\n`;
  const media = sdp.search(/^m=/m);
  return media < 0 ? `${sdp}${line}` : `${sdp.slice(0, media)}${line}${sdp.slice(media)}`;
}

/**
 * Adds which of the two peers this one is in perfect negotiation, for connections whose roles do not follow from the present peer
 * ids: `a=x-wigwag-role:polite`, or `impolite`.
 */
export function writeRole(sdp: string, polite: boolean): string {
  const line = `${ROLE}${polite ? "polite" : "impolite"}\r\n`;
  const media = sdp.search(/^m=/m);
  return media < 0 ? `${sdp}${line}` : `${sdp.slice(0, media)}${line}${sdp.slice(media)}`;
}

/** Returns whether the sender of an SDP says that it is the polite peer; undefined if it does not say. */
export function readRole(sdp: string): boolean | undefined {
  const role = /^a=x-wigwag-role:(polite|impolite)\r?$/m.exec(sdp)?.[1];
  return role === undefined ? undefined : role === "polite";
}

/** Removes the tag from an SDP. An SDP without one is of another client: the session id in its `o=` line is used instead. */
export function readTag(type: "offer" | "answer", sdp: string): { tag: Tag; sdp: string } {
  const line = /^a=x-wigwag:(.*)\r?\n/m.exec(sdp);
  const plain = line ? sdp.replace(line[0], "") : sdp;
  const [kind, from = "", second = "", third = ""] = line?.[1]?.trim().split(" ") ?? [];
  if (kind === type && from !== "") {
    if (type === "offer") return { tag: { type, from, number: count(second), to: third || undefined }, sdp: plain };
    return { tag: { type, from, to: second, number: count(third) }, sdp: plain };
  }
  const origin = `o=${/^o=\S+ (\S+)/m.exec(sdp)?.[1] ?? ""}`;
  return { tag: type === "offer" ? { type, from: origin, number: 0 } : { type, from: origin, to: undefined, number: 0 }, sdp: plain };
}

/** Returns a random id for a connection, of 64 bits. */
export function connectionId(): string {
  return [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function count(text: string): number {
  const number = Number(text);
  return Number.isSafeInteger(number) && number > 0 ? number : 0;
}
