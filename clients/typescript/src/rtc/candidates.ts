import type { IceCandidate } from "../payload.js";

/** Candidates kept at most until the description they belong to comes. A description has some tens. */
const KEPT = 256;

/**
 * Candidates of the other end, matched with its descriptions by user name fragment. Candidates may come before their
 * description, or belong to an offer that gave way or to a connection that is gone; a browser refuses what does not fit.
 */
export class Candidates {
  #early: IceCandidate[] = [];

  constructor(private readonly connection: RTCPeerConnection) {}

  /** Takes a candidate that came; one without its description waits for it. */
  async add(candidate: IceCandidate): Promise<void> {
    if (this.#fits(candidate)) await this.#apply(candidate);
    else {
      this.#early.push(candidate);
      if (this.#early.length > KEPT) this.#early.shift();
    }
  }

  /** A description was applied: candidates that waited for it are added. */
  async release(): Promise<void> {
    const waiting = this.#early;
    this.#early = [];
    for (const candidate of waiting) await this.add(candidate);
  }

  #fits(candidate: IceCandidate): boolean {
    const description = this.connection.remoteDescription;
    if (!description) return false;
    const fragment = fragmentOf(candidate);
    return fragment === undefined || fragments(description.sdp).includes(fragment);
  }

  async #apply(candidate: IceCandidate): Promise<void> {
    try {
      await this.connection.addIceCandidate(candidate);
    } catch {
      // One way less to try. A candidate of a network or protocol this browser does not know is no reason to give up.
    }
  }
}

/** The user name fragments of a description: one for each transport, mostly the same. */
export function fragments(sdp: string): string[] {
  return [...sdp.matchAll(/^a=ice-ufrag:(\S+)/gm)].map((match) => match[1] as string);
}

/** Some clients leave the field out; then the text may have it as an extension (RFC 8839). */
function fragmentOf({ usernameFragment, candidate = "" }: IceCandidate): string | undefined {
  return usernameFragment ?? / ufrag (\S+)/.exec(candidate)?.[1];
}
