import type { IceCandidate } from "../payload.js";

/** Limit of candidates kept until their description arrives. A description has some tens. */
const MAX_EARLY = 256;

/**
 * Remote candidates, matched with remote descriptions by username fragment. Candidates may arrive before their description, or
 * belong to an offer that was rolled back or to a replaced connection; a browser refuses those.
 */
export class Candidates {
  #early: IceCandidate[] = [];

  constructor(private readonly connection: RTCPeerConnection) {}

  /** Adds a candidate; one whose description has not arrived waits for it. */
  async add(candidate: IceCandidate): Promise<void> {
    if (this.#fits(candidate)) await this.#apply(candidate);
    else {
      this.#early.push(candidate);
      if (this.#early.length > MAX_EARLY) this.#early.shift();
    }
  }

  /** Adds the candidates that waited for a description that was applied. */
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
      // A candidate this browser does not support is skipped; others may still connect.
    }
  }
}

/** Returns the username fragments of a description: one per transport, mostly the same. */
export function fragments(sdp: string): string[] {
  return [...sdp.matchAll(/^a=ice-ufrag:(\S+)/gm)].map((match) => match[1] as string);
}

/** Returns the username fragment of a candidate. Some clients omit the field; then the text may have it (RFC 8839). */
function fragmentOf({ usernameFragment, candidate = "" }: IceCandidate): string | undefined {
  return usernameFragment ?? / ufrag (\S+)/.exec(candidate)?.[1];
}
