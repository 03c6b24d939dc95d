import { WigwagError } from "./error.js";

/** With this many unread events, an iterator makes the session stop reading. */
const HIGH_WATER = 256;

/** An event; `type` says which. */
export interface AnyEvent {
  readonly type: string;
}

/** The events of `E` whose type is `T`. */
export type EventOf<E extends AnyEvent, T extends E["type"]> = Extract<E, { type: T }>;

/** Options of an event iterator. */
export interface EventsOptions {
  /** Ends the iteration. */
  signal?: AbortSignal;
}

/** Events that are held until something can take them; see {@link Emitter}. */
export interface Hold {
  /** The type of the events. */
  readonly type: string;
  /** Called with the number of events that were dropped, since there was no listener in time. */
  dropped(count: number): void;
}

/** Backpressure from iterators whose events are not read; see {@link Emitter}. */
export interface Backpressure {
  /** Undefined while there is room for events everywhere, otherwise a promise that resolves when there is. */
  readonly room: Promise<unknown> | undefined;
  /** Ends the iterators that have no room, and the holding of events. */
  cut(): void;
}

/**
 * Passes events to listeners and iterators. Listeners run synchronously, in the order in which they were added. An iterator
 * with 256 unread events makes the session stop reading; if it is still not read after a heartbeat interval, it ends: it
 * throws SLOW_CONSUMER after its last event.
 *
 * Events of one type can be held until there is a listener for them, or an iterator. 256 held events make the session stop
 * reading, too; if there is still no listener after a heartbeat interval, they are dropped and reported, and no more are held.
 */
export class Emitter<E extends AnyEvent> implements Backpressure {
  readonly #listeners = new Map<string, Set<(event: never) => void>>();
  readonly #iterators = new Set<EventIterator<E>>();
  #ended = false;
  readonly #hold: Hold | undefined;
  /** The events held so far; undefined when no more are held. */
  #held: E[] | undefined;
  #releasing = false;
  #released: Array<() => void> = [];

  constructor(hold?: Hold) {
    this.#hold = hold;
    this.#held = hold && [];
  }

  /** Calls `listener` with every event of this type. Returns a function that removes the listener. */
  on<T extends E["type"]>(type: T, listener: (event: EventOf<E, T>) => void): () => void {
    if (this.#held && type === this.#hold?.type) this.#releaseSoon();
    let listeners = this.#listeners.get(type);
    if (!listeners) this.#listeners.set(type, (listeners = new Set()));
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Returns every event from now on, until the source ends or the signal aborts. */
  iterate({ signal }: EventsOptions = {}): AsyncIterableIterator<E> {
    const iterator = new EventIterator<E>(() => this.#iterators.delete(iterator), signal);
    // If a listener was added in this turn, it gets the held events together with this iterator.
    if (!signal?.aborted && !this.#releasing) for (const event of this.#release()) iterator.push(event);
    if (this.#ended || signal?.aborted) iterator.end();
    else this.#iterators.add(iterator);
    return iterator;
  }

  /** Emits an event. An exception in a listener is reported and does not affect the other listeners. */
  emit(event: E): void {
    if (this.#held && event.type === this.#hold?.type) this.#held.push(event);
    else this.#pass(event);
  }

  #pass(event: E): void {
    for (const iterator of this.#iterators) iterator.push(event);
    for (const listener of [...(this.#listeners.get(event.type) ?? [])]) {
      try {
        (listener as (event: E) => void)(event);
      } catch (error) {
        report(error);
      }
    }
  }

  /** Ends the iterators, after the events they hold. */
  end(): void {
    this.#ended = true;
    for (const iterator of [...this.#iterators]) iterator.end();
  }

  get room(): Promise<unknown> | undefined {
    const waiting = [...this.#iterators].filter((iterator) => iterator.full).map((iterator) => iterator.drained());
    if (this.#held && this.#held.length >= HIGH_WATER) {
      waiting.push(new Promise<void>((resolve) => this.#released.push(resolve)));
    }
    return waiting.length === 0 ? undefined : Promise.all(waiting);
  }

  cut(): void {
    if (this.#held && this.#held.length >= HIGH_WATER) this.#hold?.dropped(this.#release().length);
    for (const iterator of [...this.#iterators]) if (iterator.full) iterator.cut();
  }

  /** Passes the held events on in the next microtask: listeners that are added in the same turn get them, too. */
  #releaseSoon(): void {
    if (this.#releasing) return;
    this.#releasing = true;
    queueMicrotask(() => {
      for (const event of this.#release()) this.#pass(event);
    });
  }

  /** Returns the held events, and holds no more. */
  #release(): E[] {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const released of this.#released.splice(0)) released();
    return held;
  }
}

class EventIterator<E> implements AsyncIterableIterator<E> {
  #queue: E[] = [];
  #ended = false;
  #error: WigwagError | undefined;
  #waiting: Array<{ resolve: (result: IteratorResult<E>) => void; reject: (error: unknown) => void }> = [];
  #drained: Array<() => void> = [];
  readonly #abort = (): void => this.end();

  constructor(
    private readonly detach: () => void,
    private readonly signal: AbortSignal | undefined,
  ) {
    signal?.addEventListener("abort", this.#abort, { once: true });
  }

  get full(): boolean {
    return this.#queue.length >= HIGH_WATER;
  }

  drained(): Promise<void> {
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  push(event: E): void {
    const reader = this.#waiting.shift();
    if (reader) reader.resolve({ value: event, done: false });
    else this.#queue.push(event);
  }

  cut(): void {
    this.#error = new WigwagError("256 events were not read in time: read them faster, or use listeners", {
      code: "RESOURCE_EXHAUSTED",
      reason: "SLOW_CONSUMER",
    });
    this.end();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.detach();
    this.signal?.removeEventListener("abort", this.#abort);
    for (const reader of this.#waiting.splice(0)) reader.resolve({ value: undefined, done: true });
    for (const drained of this.#drained.splice(0)) drained();
  }

  next(): Promise<IteratorResult<E>> {
    const event = this.#queue.shift();
    if (event !== undefined) {
      if (!this.full) for (const drained of this.#drained.splice(0)) drained();
      return Promise.resolve({ value: event, done: false });
    }
    if (this.#error) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<E>> {
    this.#queue = [];
    this.#error = undefined;
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Reports an exception as uncaught, as browsers do for event handlers. */
function report(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
