import type { Payload, ReceivedPayload, SessionDescription } from "../payload.js";
import { Candidates, fragments } from "./candidates.js";
import { connectionId, readTag, type Tag, writeRole, writeTag } from "./tag.js";

/** What a connection needs of its peer. */
export interface ConnectionHost {
  /** Whether this peer gives way when both offer at once. Exactly one of two peers does. */
  readonly polite: boolean;
  /** Whether offers say so, since it does not follow from the present peer ids. */
  readonly statesRole: boolean;
  /** Sends a signal to the other peer, in order. */
  send(payload: Payload): void;
  /** A description could not be created or applied. */
  failed(error: unknown): void;
  /** Negotiation is complete: the signaling state is stable. */
  settled(): void;
}

/** The result of applying a description. */
export type DescriptionOutcome =
  | "done"
  /** The other peer has a new connection: create a new one here and apply the same description to it. */
  | "replaced";

/**
 * The negotiation of one `RTCPeerConnection`: perfect negotiation (W3C WebRTC, section 10.7) that also copes with descriptions that
 * are late, repeated, or belong to another connection.
 */
export class Connection {
  readonly #id = connectionId();
  readonly #candidates: Candidates;
  /** Id of the other peer's connection; undefined until one of its descriptions was applied. */
  #remote: string | undefined;
  #offers = 0;
  #making = false;
  /** The number of the last offer applied, so that a repeated one is ignored. */
  #appliedOffer = 0;
  #closed = false;

  /**
   * With `first` this peer makes the first offer. Otherwise it does not offer until the other peer has: the peer that finds the
   * other one in the room begins, so that the first offers do not collide.
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

  /** Restarts ICE: makes an offer with new credentials, and gathers new candidates. */
  restart(): void {
    this.rtc.restartIce();
    // Otherwise `negotiationneeded` fires once signaling is stable. An offer whose answer was lost would wait forever.
    if (this.rtc.signalingState === "have-local-offer") void this.#negotiate();
  }

  /** Accepts an offer that was applied before, after the answer to it was lost. */
  acceptRepeats(): void {
    this.#appliedOffer = 0;
  }

  /** Repeats the offer that is not answered, if any, and accepts repeated ones: signals were lost with the session. */
  repeat(): void {
    this.acceptRepeats();
    if (this.rtc.signalingState === "have-local-offer") this.#sendOffer();
  }

  /** Adds a candidate of the other peer. */
  candidate(candidate: Extract<ReceivedPayload, { candidate: unknown }>["candidate"]): Promise<void> {
    return this.#candidates.add(candidate);
  }

  /** Applies a description of the other peer. Rejects with the browser's error if it cannot be applied. */
  async description({ type, sdp = "" }: SessionDescription): Promise<DescriptionOutcome> {
    if (type === "offer") return this.#offered(readTag("offer", sdp));
    // A rollback of the other peer needs no action here: its next offer has its new state.
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

  async #offered({ tag, sdp }: { tag: Tag; sdp: string }): Promise<DescriptionOutcome> {
    const { rtc } = this;
    const { from, number } = tag;
    // The offer is for a connection that this one replaced, and which has sent its own offer.
    if (tag.to !== undefined && tag.to !== this.#id) return "done";
    if (this.#remote !== undefined && this.#remote !== from) return "replaced";
    if (number > 0 && number <= this.#appliedOffer) return "done";
    if ((this.#making || rtc.signalingState !== "stable") && !this.host.polite) {
      // The other peer gives way. It may not have been there when this peer offered, so the offer is sent again.
      if (rtc.signalingState === "have-local-offer") this.#sendOffer();
      return "done";
    }
    await rtc.setRemoteDescription({ type: "offer", sdp });
    this.#remote = from;
    this.#appliedOffer = number;
    this.first = true;
    await this.#candidates.release();
    await rtc.setLocalDescription();
    const answer = rtc.localDescription;
    if (answer?.type === "answer") this.#sendDescription("answer", answer.sdp, { type: "answer", from: this.#id, to: from, number });
    return "done";
  }

  async #answered(type: "answer" | "pranswer", { tag, sdp }: { tag: Tag; sdp: string }): Promise<void> {
    const waits = this.rtc.signalingState === "have-local-offer" || this.rtc.signalingState === "have-remote-pranswer";
    // The answer is to an offer that was rolled back, or to one of an earlier connection.
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
      // While the browser created it, an offer of the other peer may have been applied.
      if (this.rtc.signalingState !== "have-local-offer" || this.#closed) return;
      this.#offers += 1;
      this.#sendOffer();
    } catch (error) {
      if (!this.#closed) this.host.failed(error);
    } finally {
      this.#making = false;
    }
  };

  #sendOffer(): void {
    const offer = this.rtc.localDescription;
    if (offer?.type !== "offer") return;
    this.#sendDescription("offer", offer.sdp, { type: "offer", from: this.#id, number: this.#offers, to: this.#remote });
  }

  #sendDescription(type: "offer" | "answer", sdp: string, tag: Tag): void {
    if (this.#closed) return;
    const tagged = writeTag(sdp, tag);
    this.host.send({ description: { type, sdp: this.host.statesRole ? writeRole(tagged, this.host.polite) : tagged } });
  }

  readonly #gathered = ({ candidate }: RTCPeerConnectionIceEvent): void => {
    if (candidate && candidate.candidate !== "") {
      this.host.send({ candidate });
      return;
    }
    // The browser's last event does not have the username fragment, so it is added.
    const [fragment] = fragments(this.rtc.localDescription?.sdp ?? "");
    this.host.send({ candidate: { candidate: "", ...(fragment && { usernameFragment: fragment }) } });
  };

  readonly #signalingChanged = (): void => {
    if (this.rtc.signalingState === "stable") this.host.settled();
  };
}
