import type { EventOf, EventsOptions } from "../events.js";
import { BoundedEmitter } from "./bounded-emitter.js";
import type { ChannelOptions, PeerChannel } from "./channel.js";
import type { Peer } from "./peer.js";

/** What happens on a channel with everybody. */
export type MeshChannelEvent =
  /** A peer hears what is said from now on. */
  | { type: "open"; peer: Peer; channel: PeerChannel }
  /** A message of a peer. */
  | { type: "message"; peer: Peer; channel: PeerChannel; data: string | ArrayBuffer }
  /** A peer does not hear what is said any more. */
  | { type: "close"; peer: Peer; channel: PeerChannel };

/** A named channel with every peer of a mesh, those that come later included. Made by `Mesh.channel`. */
export class MeshChannel {
  /** Its name, the same for everybody. */
  readonly name: string;
  readonly #options: ChannelOptions;
  readonly #emitter = new BoundedEmitter<MeshChannelEvent>();
  readonly #channels = new Map<Peer, PeerChannel>();

  /** @internal */
  constructor(name: string, options: ChannelOptions) {
    this.name = name;
    this.#options = options;
  }

  /** The peers that hear what is said. */
  get peers(): Peer[] {
    return [...this.#channels].filter(([, channel]) => channel.isOpen).map(([peer]) => peer);
  }

  /** Calls `listener` with every event of that type. Returns a function that ends it. */
  on<T extends MeshChannelEvent["type"]>(
    type: T,
    listener: (event: EventOf<MeshChannelEvent, T>) => void,
  ): () => void {
    return this.#emitter.on(type, listener);
  }

  /** Every event from now on; ends with the mesh, or when the signal aborts. Throws SLOW_CONSUMER when 256 wait unread. */
  events(options?: EventsOptions): AsyncIterableIterator<MeshChannelEvent> {
    return this.#emitter.iterate(options);
  }

  /**
   * Sends to every peer whose channel is open, and returns how many those are: nothing waits for the others. To one peer,
   * or to one whose channel is not open yet, send with `peer.channel(name).send`. Throws what the browser throws for a
   * message that is too large or a buffer that is full, after it went to the other peers.
   */
  send(data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer>): number {
    const errors: unknown[] = [];
    let sent = 0;
    for (const channel of this.#channels.values()) {
      if (!channel.isOpen) continue;
      try {
        channel.send(data);
        sent += 1;
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
    return sent;
  }

  /** @internal A peer is there. */
  add(peer: Peer): void {
    if (this.#channels.has(peer)) return;
    const channel = peer.channel(this.name, this.#options);
    this.#channels.set(peer, channel);
    channel.on("open", () => this.#emitter.emit({ type: "open", peer, channel }));
    channel.on("message", ({ data }) => this.#emitter.emit({ type: "message", peer, channel, data }));
    channel.on("close", ({ final }) => {
      if (final) this.#channels.delete(peer);
      this.#emitter.emit({ type: "close", peer, channel });
    });
    if (channel.isOpen) queueMicrotask(() => channel.isOpen && this.#emitter.emit({ type: "open", peer, channel }));
  }

  /** @internal The mesh is closed. */
  end(): void {
    this.#emitter.end();
  }
}
