import type { Payload, ReceivedPayload, SessionDescription } from "../payload.js";
import { Candidates, fragments } from "./candidates.js";
import { connectionId, readTag, type Tag, writeTag } from "./tag.js";

/** What a connection needs of the peer it belongs to. */
export interface ConnectionHost {
  /** Gives way when both ends offer at once. Of two peers exactly one. */
  readonly polite: boolean;
  /** Sends a signal to the other end; what is sent arrives in order. */
  send(payload: Payload): void;
  /** A description could not be made or applied. */
  failed(error: unknown): void;
  /** Descriptions agree: what each side sends is settled for now. */
  settled(): void;
}

/** What came of a description that was taken. */
export type Taken =
  | "done"
  /** The other end has a new connection: it wants a new one here, which must take the same description. */
  | "replaced";

/**
 * The negotiation of one `RTCPeerConnection`: perfect negotiation (W3C WebRTC, section 10.7) that holds under descriptions
 * which are late, come twice, or belong to another connection.
 */
export class Connection {
  readonly #id = connectionId();
  readonly #candidates: Candidates;
  /** The connection at the other end; undefined until a description of it was taken. */
  #remote: string | undefined;
  #offers = 0;
  #making = false;
  /** The number of the last offer taken, so that one sent twice is taken once. */
  #taken = 0;
  #closed = false;

  /**
   * With `first` this side makes the first offer. Otherwise it offers nothing until the other end did: whoever finds the
   * other in the room begins, so that two peers do not begin by colliding.
   */
  constructor(
    readonly rtc: RTCPeerConnection,
    private readonly host: ConnectionHost,
    private first: boolean,
  ) {
    this.#candidates = new Candidates(rtc);
    rtc.addEventListener("negotiationneeded", this.#negotiate);
    rtc.addEventListener("icecandidate", this.#gathered);
    rtc.addEventListener("signalingstatechange", this.#signalingChanged);
  }

  /** Makes an offer with new ICE credentials; the other end is told of new ways to here. */
  restart(): void {
    this.rtc.restartIce();
    // Signaling that is not stable asks by itself once it is, but an offer whose answer is lost would wait for ever.
    if (this.rtc.signalingState === "have-local-offer") void this.#negotiate();
  }

  /** A signal of this side did not arrive: what the other end sends again is taken again. */
  forget(): void {
    this.#taken = 0;
  }

  /** Takes a candidate of the other end. */
  candidate(candidate: Extract<ReceivedPayload, { candidate: unknown }>["candidate"]): Promise<void> {
    return this.#candidates.add(candidate);
  }

  /** Takes a description of the other end. Rejects with what the browser says when it cannot be applied. */
  async description({ type, sdp = "" }: SessionDescription): Promise<Taken> {
    if (type === "offer") return this.#offered(readTag("offer", sdp));
    // A rollback at the other end concerns only what it would have sent: its next offer says what holds.
    if (type !== "rollback") await this.#answered(type, readTag("answer", sdp));
    return "done";
  }

  close(): void {
    this.#closed = true;
    this.rtc.removeEventListener("negotiationneeded", this.#negotiate);
    this.rtc.removeEventListener("icecandidate", this.#gathered);
    this.rtc.removeEventListener("signalingstatechange", this.#signalingChanged);
    this.rtc.close();
  }

  async #offered({ tag, sdp }: { tag: Tag; sdp: string }): Promise<Taken> {
    const { rtc } = this;
    const { from, number } = tag;
    // Meant for a connection that this one came after. Its own offer is on the way.
    if (tag.to !== undefined && tag.to !== this.#id) return "done";
    if (this.#remote !== undefined && this.#remote !== from) return "replaced";
    if (number > 0 && number <= this.#taken) return "done";
    if ((this.#making || rtc.signalingState !== "stable") && !this.host.polite) {
      // The other end gives way. It may not have been there yet when this side offered, so the offer is made known again.
      if (rtc.signalingState === "have-local-offer") this.#tellOffer();
      return "done";
    }
    await rtc.setRemoteDescription({ type: "offer", sdp });
    this.#remote = from;
    this.#taken = number;
    this.first = true;
    await this.#candidates.release();
    await rtc.setLocalDescription();
    const answer = rtc.localDescription;
    if (answer?.type === "answer") this.#tell("answer", answer.sdp, { type: "answer", from: this.#id, to: from, number });
    return "done";
  }

  async #answered(type: "answer" | "pranswer", { tag, sdp }: { tag: Tag; sdp: string }): Promise<void> {
    const waits = this.rtc.signalingState === "have-local-offer" || this.rtc.signalingState === "have-remote-pranswer";
    // An answer to an offer that gave way, or to one of an earlier connection.
    if (!waits || (tag.to !== undefined && (tag.to !== this.#id || tag.number !== this.#offers))) return;
    await this.rtc.setRemoteDescription({ type, sdp });
    this.#remote = tag.from;
    await this.#candidates.release();
  }

  readonly #negotiate = async (): Promise<void> => {
    if (!this.first || this.#closed) return;
    try {
      this.#making = true;
      await this.rtc.setLocalDescription();
      // While the browser made it, an offer of the other end may have come first.
      if (this.rtc.signalingState !== "have-local-offer" || this.#closed) return;
      this.#offers += 1;
      this.#tellOffer();
    } catch (error) {
      if (!this.#closed) this.host.failed(error);
    } finally {
      this.#making = false;
    }
  };

  #tellOffer(): void {
    const offer = this.rtc.localDescription;
    if (offer?.type !== "offer") return;
    this.#tell("offer", offer.sdp, { type: "offer", from: this.#id, number: this.#offers, to: this.#remote });
  }

  #tell(type: "offer" | "answer", sdp: string, tag: Tag): void {
    if (!this.#closed) this.host.send({ description: { type, sdp: writeTag(sdp, tag) } });
  }

  readonly #gathered = ({ candidate }: RTCPeerConnectionIceEvent): void => {
    if (candidate && candidate.candidate !== "") {
      this.host.send({ candidate });
      return;
    }
    // The end of which candidates: a browser's last event does not say.
    const [fragment] = fragments(this.rtc.localDescription?.sdp ?? "");
    this.host.send({ candidate: { candidate: "", ...(fragment && { usernameFragment: fragment }) } });
  };

  readonly #signalingChanged = (): void => {
    if (this.rtc.signalingState === "stable") this.host.settled();
  };
}
