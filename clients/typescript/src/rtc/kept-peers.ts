import type { Peer } from "./peer.js";

/** How long a connection is kept whose peer is not in the room. */
const KEPT_MS = 60_000;
/** How long it may be interrupted meanwhile: without signaling it cannot be recovered. */
const INTERRUPTED_MS = 5_000;

/**
 * Connections that work although their peer is not in the room at present: one of the two sessions was lost, or the server was. They are
 * kept until the peer comes back under another id, their connection breaks, or a minute has passed.
 */
export class KeptPeers {
  readonly #kept = new Map<Peer, () => void>();

  /** `over` is called with a peer that is not kept any longer. */
  constructor(private readonly over: (peer: Peer) => void) {}

  has(peer: Peer): boolean {
    return this.#kept.has(peer);
  }

  /** The peers that are kept, in the order in which they were lost. */
  get all(): Iterable<Peer> {
    return this.#kept.keys();
  }

  /** Keeps a peer. No effect on one that is kept already, whose time goes on. */
  add(peer: Peer): void {
    if (this.#kept.has(peer)) return;
    const end = () => {
      this.release(peer);
      this.over(peer);
    };
    const expiry = setTimeout(end, KEPT_MS);
    let interrupted: ReturnType<typeof setTimeout> | undefined;
    const off = peer.on("state", ({ state }) => {
      clearTimeout(interrupted);
      if (state === "connected") return;
      if (state === "disconnected") interrupted = setTimeout(end, INTERRUPTED_MS);
      else end();
    });
    this.#kept.set(peer, () => {
      off();
      clearTimeout(expiry);
      clearTimeout(interrupted);
    });
    peer.keep();
  }

  /** Stops keeping a peer: it is back, or closed. */
  release(peer: Peer): void {
    this.#kept.get(peer)?.();
    this.#kept.delete(peer);
  }
}
