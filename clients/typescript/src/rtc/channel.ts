import { WigwagError } from "../error.js";
import type { EventOf, EventsOptions } from "../events.js";
import { BoundedEmitter } from "./bounded-emitter.js";

/** Options of a channel: those of the browser's `createDataChannel` without ids, which are not needed. */
export type ChannelOptions = Pick<RTCDataChannelInit, "ordered" | "maxPacketLifeTime" | "maxRetransmits" | "protocol">;

/** An event of a channel. */
export type ChannelEvent =
  /** Messages can be sent from now on. Emitted again after the connection was replaced. */
  | { type: "open" }
  /** A message of the other peer: text, or bytes. */
  | { type: "message"; data: string | ArrayBuffer }
  /**
   * The channel is closed. If `final` is false, the connection is being replaced and `open` follows; messages that had not arrived
   * are lost. If `final` is true, this is the last event.
   */
  | { type: "close"; final: boolean };

/** Limit of bytes that wait in a channel that is not open yet. */
const WAITING_BYTES = 1 << 20;

/**
 * A named data channel to one peer. Whether both peers open the same name at the same time, one later than the other, or only one
 * of them does: they get one channel, in which messages are neither lost nor reordered.
 *
 * Each peer sends on the `RTCDataChannel` it created, or on the other peer's if that was there first, and receives on both.
 */
export class PeerChannel {
  /** The name, which is the same for both peers. */
  readonly name: string;
  readonly #emitter = new BoundedEmitter<ChannelEvent>();
  readonly #raws = new Set<RTCDataChannel>();
  readonly #closed: () => void;
  #out: RTCDataChannel | undefined;
  #waiting: Array<string | ArrayBuffer | ArrayBufferView<ArrayBuffer>> = [];
  #waitingBytes = 0;
  #over = false;

  /** @internal Created by `Peer.channel`. */
  constructor(name: string, closed: () => void) {
    this.name = name;
    this.#closed = closed;
  }

  /** Whether messages are sent at once. */
  get isOpen(): boolean {
    return this.#out?.readyState === "open";
  }

  /** Whether the channel is closed for good. */
  get closed(): boolean {
    return this.#over;
  }

  /** Bytes passed to {@link send} that are not on the network yet. */
  get bufferedAmount(): number {
    return this.#waitingBytes + (this.#out?.bufferedAmount ?? 0);
  }

  /** The `RTCDataChannel` messages are sent on, for what this class does not offer; it changes with the connection. */
  get raw(): RTCDataChannel | undefined {
    return this.#out;
  }

  /** Calls `listener` with every event of this type. Returns a function that removes the listener. */
  on<T extends ChannelEvent["type"]>(type: T, listener: (event: EventOf<ChannelEvent, T>) => void): () => void {
    return this.#emitter.on(type, listener);
  }

  /**
   * Returns every event from now on; ends with the channel, or when the signal aborts. Throws SLOW_CONSUMER at 256 unread events.
   */
  events(options?: EventsOptions): AsyncIterableIterator<ChannelEvent> {
    return this.#emitter.iterate(options);
  }

  /**
   * Sends text or bytes, in order. Until the channel is open, up to 1 MiB waits; more throws CHANNEL_FULL. Throws CLOSED if the
   * channel is closed, and the browser's error if a message is too large or the browser's buffer is full.
   */
  send(data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer>): void {
    if (this.#over) throw channelError("the channel is closed: open it again", "FAILED_PRECONDITION", "CLOSED", this.name);
    if (this.#out?.readyState === "open") {
      put(this.#out, data);
      return;
    }
    const bytes = sizeOf(data);
    if (this.#waitingBytes + bytes > WAITING_BYTES) {
      const message = "1 MiB waits already in a channel that is not open: wait for its `open` event";
      throw channelError(message, "RESOURCE_EXHAUSTED", "CHANNEL_FULL", this.name);
    }
    this.#waitingBytes += bytes;
    this.#waiting.push(typeof data === "string" ? data : copy(data));
  }

  /**
   * Resolves when at most this many bytes wait to be sent (default 64 KiB): await it between the chunks of a large transfer.
   * Rejects with CLOSED if the channel ends, or with the signal's reason.
   */
  async drained(bytes = 65_536, { signal }: EventsOptions = {}): Promise<void> {
    while (this.bufferedAmount > bytes) {
      signal?.throwIfAborted();
      if (this.#over) throw channelError("the channel is closed: open it again", "FAILED_PRECONDITION", "CLOSED", this.name);
      await this.#lower(bytes, signal);
    }
    signal?.throwIfAborted();
  }

  /** Closes the channel for both peers. Messages sent before still arrive, if the browser delivers them as specified. */
  close(): void {
    if (this.#over) return;
    for (const raw of this.#raws) raw.close();
    this.end();
  }

  /** @internal Takes a channel this peer created, to send on. */
  open(raw: RTCDataChannel): void {
    this.#out = raw;
    this.adopt(raw);
  }

  /** @internal Takes a channel the other peer created. */
  adopt(raw: RTCDataChannel): void {
    raw.binaryType = "arraybuffer";
    this.#raws.add(raw);
    this.#out ??= raw;
    raw.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (this.#raws.has(raw)) this.#emitter.emit({ type: "message", data });
    });
    let sctpFailed = false;
    raw.addEventListener("error", (event) => {
      sctpFailed = (event as RTCErrorEvent).error?.errorDetail === "sctp-failure";
    });
    raw.addEventListener("close", () => {
      if (!this.#raws.has(raw)) return;
      // The other peer may be replacing its connection: the channel continues if it does, and ends if the peer leaves.
      if (sctpFailed) this.detach();
      else this.close();
    });
    if (raw !== this.#out) return;
    if (raw.readyState === "open") queueMicrotask(() => this.#opened(raw));
    else raw.addEventListener("open", () => this.#opened(raw), { once: true });
  }

  /** @internal Releases the connection, which is being replaced. */
  detach(): void {
    const open = this.isOpen;
    this.#raws.clear();
    this.#out = undefined;
    if (open) this.#emitter.emit({ type: "close", final: false });
  }

  /** @internal Ends the channel for good. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#raws.clear();
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#closed();
    this.#emitter.emit({ type: "close", final: true });
    this.#emitter.end();
  }

  #opened(raw: RTCDataChannel): void {
    if (raw !== this.#out || this.#over || raw.readyState !== "open") return;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const data of waiting) put(raw, data);
    this.#emitter.emit({ type: "open" });
  }

  #lower(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const raw = this.#out;
      const stop = new AbortController();
      const done = () => {
        stop.abort();
        offOpen();
        offClose();
        resolve();
      };
      const offOpen = this.on("open", done);
      const offClose = this.on("close", done);
      signal?.addEventListener("abort", done, { signal: stop.signal });
      if (!raw) return;
      raw.bufferedAmountLowThreshold = bytes;
      raw.addEventListener("bufferedamountlow", done, { signal: stop.signal });
    });
  }
}

/** Sends on a channel; the overloads of `send` do not accept the union. */
function put(raw: RTCDataChannel, data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer>): void {
  raw.send(data as string);
}

function sizeOf(data: string | ArrayBuffer | ArrayBufferView): number {
  return typeof data === "string" ? new TextEncoder().encode(data).length : data.byteLength;
}

/** Copies bytes, since the application may change them while they wait. */
function copy(data: ArrayBuffer | ArrayBufferView<ArrayBuffer>): ArrayBuffer {
  if (data instanceof ArrayBuffer) return data.slice(0);
  return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
}

function channelError(message: string, code: "FAILED_PRECONDITION" | "RESOURCE_EXHAUSTED", reason: string, name: string) {
  return new WigwagError(message, { code, reason, metadata: { channel: name } });
}
