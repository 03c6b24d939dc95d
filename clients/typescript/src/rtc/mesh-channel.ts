import type { EventOf, EventsOptions } from "../events.js";
import { BoundedEmitter } from "./bounded-emitter.js";
import type { ChannelOptions, PeerChannel } from "./channel.js";
import type { Peer } from "./peer.js";

/** An event of a mesh channel. */
export type MeshChannelEvent =
  /** The channel to a peer is open. */
  | { type: "open"; peer: Peer; channel: PeerChannel }
  /** A message of a peer. */
  | { type: "message"; peer: Peer; channel: PeerChannel; data: string | ArrayBuffer }
  /** The channel to a peer is closed. */
  | { type: "close"; peer: Peer; channel: PeerChannel };

/** A named channel with every peer of a mesh, including those that join later. Created by `Mesh.channel`. */
export class MeshChannel {
  /** The name, which is the same for all peers. */
  readonly name: string;
  readonly #options: ChannelOptions;
  readonly #emitter = new BoundedEmitter<MeshChannelEvent>();
  readonly #channels = new Map<Peer, PeerChannel>();

  /** @internal */
  constructor(name: string, options: ChannelOptions) {
    this.name = name;
    this.#options = options;
  }

  /** The peers whose channel is open. */
  get peers(): Peer[] {
    return [...this.#channels].filter(([, channel]) => channel.isOpen).map(([peer]) => peer);
  }

  /** Calls `listener` with every event of this type. Returns a function that removes the listener. */
  on<T extends MeshChannelEvent["type"]>(
    type: T,
    listener: (event: EventOf<MeshChannelEvent, T>) => void,
  ): () => void {
    return this.#emitter.on(type, listener);
  }

  /** Returns every event from now on; ends with the mesh, or when the signal aborts. Throws SLOW_CONSUMER at 256 unread events. */
  events(options?: EventsOptions): AsyncIterableIterator<MeshChannelEvent> {
    return this.#emitter.iterate(options);
  }

  /**
   * Sends to every peer whose channel is open, and returns their number; nothing is queued for the others. To send to one peer, or
   * to one whose channel is not open yet, use `peer.channel(name).send`. Throws the browser's error if a message is too large or
   * a buffer is full, after sending to the other peers.
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

  /** @internal Opens the channel to a peer. */
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

  /** @internal Ends the events, since the mesh is closed. */
  end(): void {
    this.#emitter.end();
  }
}
