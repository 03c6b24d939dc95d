import { WigwagError } from "../error.js";
import type { EventOf, EventsOptions } from "../events.js";
import { BoundedEmitter } from "./bounded-emitter.js";

/** How a channel carries messages; what the browser's `createDataChannel` takes, without ids, which are not needed. */
export type ChannelOptions = Pick<RTCDataChannelInit, "ordered" | "maxPacketLifeTime" | "maxRetransmits" | "protocol">;

/** What happens on a channel. */
export type ChannelEvent =
  /** Messages go through from now on. Again after the connection was made anew. */
  | { type: "open" }
  /** A message of the other end: text, or bytes. */
  | { type: "message"; data: string | ArrayBuffer }
  /**
   * The channel is closed. With `final` false the connection below is made anew, and `open` follows; what was sent and
   * had not arrived is lost. With `final` true this is the last event.
   */
  | { type: "close"; final: boolean };

/** Most bytes that wait in a channel that is not open yet. */
const WAITING_BYTES = 1 << 20;

/**
 * A named data channel to one peer. Both ends may ask for the same name at the same time, one may ask later than the
 * other, or not at all: they get one channel, in which nothing is lost or overtakes.
 *
 * Each end sends on the browser's channel that it made, or on the other's when that was there first, and receives on both.
 */
export class PeerChannel {
  /** Its name, the same at both ends. */
  readonly name: string;
  readonly #emitter = new BoundedEmitter<ChannelEvent>();
  readonly #raws = new Set<RTCDataChannel>();
  readonly #closed: () => void;
  #out: RTCDataChannel | undefined;
  #waiting: Array<string | ArrayBuffer | ArrayBufferView<ArrayBuffer>> = [];
  #waitingBytes = 0;
  #over = false;

  /** @internal Made by `Peer.channel`. */
  constructor(name: string, closed: () => void) {
    this.name = name;
    this.#closed = closed;
  }

  /** Messages go out at once. */
  get isOpen(): boolean {
    return this.#out?.readyState === "open";
  }

  /** The channel is closed for good. */
  get closed(): boolean {
    return this.#over;
  }

  /** Bytes that were sent and are not on the network yet. */
  get bufferedAmount(): number {
    return this.#waitingBytes + (this.#out?.bufferedAmount ?? 0);
  }

  /** The browser's channel that messages are sent on, for what this class does not have; it changes with the connection. */
  get raw(): RTCDataChannel | undefined {
    return this.#out;
  }

  /** Calls `listener` with every event of that type. Returns a function that ends it. */
  on<T extends ChannelEvent["type"]>(type: T, listener: (event: EventOf<ChannelEvent, T>) => void): () => void {
    return this.#emitter.on(type, listener);
  }

  /** Every event from now on; ends with the channel, or when the signal aborts. Throws SLOW_CONSUMER when 256 wait unread. */
  events(options?: EventsOptions): AsyncIterableIterator<ChannelEvent> {
    return this.#emitter.iterate(options);
  }

  /**
   * Sends text or bytes, in order. Before the channel is open up to 1 MiB waits; more throws CHANNEL_FULL. Throws CLOSED
   * on a closed channel, and what the browser throws for a message that is too large or a buffer that is full.
   */
  send(data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer>): void {
    if (this.#over) throw channelError("the channel is closed", "FAILED_PRECONDITION", "CLOSED", this.name);
    if (this.#out?.readyState === "open") {
      put(this.#out, data);
      return;
    }
    const bytes = sizeOf(data);
    if (this.#waitingBytes + bytes > WAITING_BYTES) {
      throw channelError("the channel is not open and 1 MiB waits already", "RESOURCE_EXHAUSTED", "CHANNEL_FULL", this.name);
    }
    this.#waitingBytes += bytes;
    this.#waiting.push(typeof data === "string" ? data : copy(data));
  }

  /**
   * Resolves when no more than so many bytes wait to be sent (default 64 KiB): await it between the pieces of something
   * large. Rejects with CLOSED when the channel ends, or with the signal's reason.
   */
  async drained(bytes = 65_536, { signal }: EventsOptions = {}): Promise<void> {
    while (this.bufferedAmount > bytes) {
      signal?.throwIfAborted();
      if (this.#over) throw channelError("the channel is closed", "FAILED_PRECONDITION", "CLOSED", this.name);
      await this.#lower(bytes, signal);
    }
    signal?.throwIfAborted();
  }

  /** Closes the channel at both ends. What was sent before still arrives, where the browser keeps that promise. */
  close(): void {
    if (this.#over) return;
    for (const raw of this.#raws) raw.close();
    this.end();
  }

  /** @internal This end made a browser's channel, to send on. */
  open(raw: RTCDataChannel): void {
    this.#out = raw;
    this.adopt(raw);
  }

  /** @internal The other end made one. */
  adopt(raw: RTCDataChannel): void {
    raw.binaryType = "arraybuffer";
    this.#raws.add(raw);
    this.#out ??= raw;
    raw.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (this.#raws.has(raw)) this.#emitter.emit({ type: "message", data });
    });
    let torn = false;
    raw.addEventListener("error", (event) => {
      torn = (event as RTCErrorEvent).error?.errorDetail === "sctp-failure";
    });
    raw.addEventListener("close", () => {
      if (!this.#raws.has(raw)) return;
      // The other end may make its connection anew; whether this channel goes on is known when it did, or is gone.
      if (torn) this.detach();
      else this.close();
    });
    if (raw !== this.#out) return;
    if (raw.readyState === "open") queueMicrotask(() => this.#opened(raw));
    else raw.addEventListener("open", () => this.#opened(raw), { once: true });
  }

  /** @internal The connection below is gone, and another one will come. */
  detach(): void {
    const open = this.isOpen;
    this.#raws.clear();
    this.#out = undefined;
    if (open) this.#emitter.emit({ type: "close", final: false });
  }

  /** @internal The last of it. */
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

/** The overloads of `send` do not take a union. */
function put(raw: RTCDataChannel, data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer>): void {
  raw.send(data as string);
}

function sizeOf(data: string | ArrayBuffer | ArrayBufferView): number {
  return typeof data === "string" ? new TextEncoder().encode(data).length : data.byteLength;
}

/** What waits is as it was when it was sent. */
function copy(data: ArrayBuffer | ArrayBufferView<ArrayBuffer>): ArrayBuffer {
  if (data instanceof ArrayBuffer) return data.slice(0);
  return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
}

function channelError(message: string, code: "FAILED_PRECONDITION" | "RESOURCE_EXHAUSTED", reason: string, name: string) {
  return new WigwagError(message, { code, reason, metadata: { channel: name } });
}
