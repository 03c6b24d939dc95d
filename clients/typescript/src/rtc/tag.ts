/**
 * Which connection a session description comes from, and what it answers. A peer may replace its `RTCPeerConnection` while
 * descriptions of the one before are still on their way; nothing in an answer says which offer it answers. So a line of
 * our own travels in the SDP, which others ignore as RFC 8866 (section 5.13) tells them to:
 *
 *     a=x-wigwag:offer CONNECTION NUMBER [REMOTE]
 *     a=x-wigwag:answer CONNECTION OFFERER NUMBER
 */
export type Tag =
  | {
      readonly type: "offer";
      /** The `RTCPeerConnection` that offers. */
      readonly from: string;
      /** Counts the offers of that connection, from 1; 0 when unknown. */
      readonly number: number;
      /** The connection at the other end it is meant for, when the sender has met it. */
      readonly to?: string | undefined;
    }
  | {
      readonly type: "answer";
      /** The `RTCPeerConnection` that answers. */
      readonly from: string;
      /** The connection whose offer it answers; undefined when unknown. */
      readonly to: string | undefined;
      /** The number of that offer. */
      readonly number: number;
    };

const NAME = "a=x-wigwag:";

/** Writes a tag into an SDP, among the lines that concern the whole of it. */
export function writeTag(sdp: string, tag: Tag): string {
  const words =
    tag.type === "offer" ? ["offer", tag.from, tag.number, tag.to ?? ""] : ["answer", tag.from, tag.to ?? "", tag.number];
  const line = `${NAME}${words.join(" ").trimEnd()}\r\n`;
  const media = sdp.search(/^m=/m);
  return media < 0 ? `${sdp}${line}` : `${sdp.slice(0, media)}${line}${sdp.slice(media)}`;
}

/** Takes the tag out of an SDP. An SDP without one is of another client: its `o=` line names its connection. */
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

/** A name for a connection, with 64 random bits. */
export function connectionId(): string {
  return [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function count(text: string): number {
  const number = Number(text);
  return Number.isSafeInteger(number) && number > 0 ? number : 0;
}
