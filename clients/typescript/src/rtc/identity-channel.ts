import type { ReceivedPayload } from "../payload.js";

/**
 * The data channel over which the two ends of a connection tell each other their peer ids: negotiated out of band, so that
 * the application does not see it. clients/README.md specifies what is sent on it.
 */
export const IDENTITY_CHANNEL = { label: "wigwag", id: 1_000, protocol: "wigwag.v1" } as const;

/** Limits a message, in UTF-16 units: one has about 250. */
const MAX_MESSAGE = 2_048;
/** Limits the messages of the other end that are answered, over this many milliseconds. */
const MAX_CLAIMS = 16;
const CLAIMS_MS = 60_000;
const PROOF = /^a=x-wigwag:proof ([0-9a-f]{32})\r?\n/;

/** What the other end says its peer id is. It proves nothing until that peer returns our nonce over the signaling server. */
export interface Claim {
  readonly peerId: string;
  /** What to send to that peer over the signaling server, to prove who we are. */
  readonly nonce: string;
}

/** What an {@link IdentityChannel} needs of its peer. */
export interface IdentityHost {
  /** The present room and own peer id; undefined while this end is in no room. */
  identity(): { readonly room: string; readonly peerId: string } | undefined;
  /** The other end has a peer id that it has not named before. */
  claimed(claim: Claim): void;
}

interface Message {
  readonly room?: unknown;
  readonly peer?: unknown;
  readonly nonce?: unknown;
  readonly reply?: unknown;
}

/**
 * Recognizes the other end of a connection when it comes back with another peer id. A peer id alone proves nothing, so each end
 * sends a secret over the connection, which only its other end can return through the signaling server under its new id.
 */
export class IdentityChannel {
  #channel: RTCDataChannel | undefined;
  /** The other end has sent something, so it knows the channel. The channel opens without it, since it is negotiated out of band. */
  #heard = false;
  /** The id announced last, and the secret sent with it. */
  #mine: { readonly peerId: string; readonly nonce: string } | undefined;
  #claim: Claim | undefined;
  /** The peer that returned the secret over the signaling server. */
  #returnedBy: string | undefined;
  #claims: number[] = [];

  constructor(private readonly host: IdentityHost) {}

  /** Opens the channel on a connection; both ends must. */
  open(rtc: RTCPeerConnection): void {
    const { label, id, protocol } = IDENTITY_CHANNEL;
    const channel = rtc.createDataChannel(label, { negotiated: true, id, protocol });
    this.#channel = channel;
    this.#heard = false;
    channel.addEventListener("open", () => channel.send("{}"), { once: true });
    channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (channel === this.#channel && typeof data === "string") this.#receive(data);
    });
  }

  /** Forgets the channel, since its connection is replaced. */
  close(): void {
    this.#channel = undefined;
    this.forget();
  }

  /** Whether the connection has a channel. */
  get exists(): boolean {
    return this.#channel !== undefined;
  }

  /** Whether the other end can be recognized when it comes back. */
  get isOpen(): boolean {
    return this.#heard && this.#channel?.readyState === "open";
  }

  /** What the other end said last; undefined if it has said nothing since it was recognized. */
  get claim(): Claim | undefined {
    return this.#claim;
  }

  /** Tells the other end the present peer id. `reply`: it asked. */
  announce(reply = false): void {
    const identity = this.host.identity();
    if (!identity || !this.isOpen) return;
    const { room, peerId } = identity;
    if (this.#mine?.peerId !== peerId) {
      this.#mine = { peerId, nonce: randomNonce() };
      this.#returnedBy = undefined;
    }
    this.#channel?.send(JSON.stringify({ room, peer: peerId, nonce: this.#mine.nonce, reply }));
  }

  /** A peer sent this over the signaling server. Returns whether it is the secret that only the other end can know. */
  returned(nonce: string, by: string): boolean {
    if (this.#mine?.nonce !== nonce) return false;
    this.#returnedBy = by;
    return true;
  }

  /**
   * The peer that is the other end of the connection: it has named itself over the connection, and returned the secret over the
   * signaling server. Both are needed, so that this end has sent its proof before anything else.
   */
  get recognized(): string | undefined {
    return this.#claim !== undefined && this.#claim.peerId === this.#returnedBy ? this.#returnedBy : undefined;
  }

  /** Starts over: a later change of an id takes new secrets. */
  forget(): void {
    this.#claim = undefined;
    this.#mine = undefined;
    this.#returnedBy = undefined;
  }

  #receive(text: string): void {
    const message = text.length <= MAX_MESSAGE ? parse(text) : undefined;
    if (!message) return;
    this.#heard = true;
    const identity = this.host.identity();
    if (message.peer === undefined || !this.#mayAnswer()) return;
    const { room, peer, nonce, reply } = message;
    if (typeof peer !== "string" || peer === "" || typeof nonce !== "string" || !/^[0-9a-f]{32}$/.test(nonce)) return;
    if (identity && room !== identity.room) return;
    if (this.#claim?.peerId !== peer || this.#claim.nonce !== nonce) {
      this.#claim = { peerId: peer, nonce };
      this.host.claimed(this.#claim);
    }
    if (reply !== true) this.announce(true);
  }

  /** Limits how often the other end can make this one send signals. */
  #mayAnswer(): boolean {
    const now = Date.now();
    this.#claims = this.#claims.filter((at) => now - at < CLAIMS_MS);
    if (this.#claims.length >= MAX_CLAIMS) return false;
    this.#claims.push(now);
    return true;
  }
}

/** Returns the signal that proves to a peer that this one has received the nonce. Clients that do not know it ignore a rollback. */
export function proofOf(nonce: string): { description: RTCSessionDescriptionInit & { type: "rollback" } } {
  return { description: { type: "rollback", sdp: `a=x-wigwag:proof ${nonce}\r\n` } };
}

/** Returns the nonce of a signal that is such a proof. */
export function nonceIn(payload: ReceivedPayload): string | undefined {
  if (!("description" in payload) || payload.description.type !== "rollback") return undefined;
  return PROOF.exec(payload.description.sdp ?? "")?.[1];
}

function parse(text: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Returns 128 random bits. */
function randomNonce(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
