import { WigwagError } from "./error.js";

/** From this many unread events on, an iterator holds the session's reading up. */
const HIGH_WATER = 256;

/** Something that happened; `type` says what. */
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

/** What holds reading up while its events are not read; see {@link Emitter}. */
export interface Paced {
  /** Undefined while there is room for events, else a promise of that. */
  readonly room: Promise<unknown> | undefined;
  /** Cuts the iterators that have no room. */
  cut(): void;
}

/**
 * Hands events to listeners and iterators. Listeners run at once, in the order in which they were added. An iterator
 * that is not read holds the session's reading up when 256 events wait in it; one that still is not read after a
 * while is cut: it throws SLOW_CONSUMER after its last event.
 */
export class Emitter<E extends AnyEvent> implements Paced {
  readonly #listeners = new Map<string, Set<(event: never) => void>>();
  readonly #iterators = new Set<EventIterator<E>>();
  #ended = false;

  /** Calls `listener` with every event of that type. Returns a function that ends it. */
  on<T extends E["type"]>(type: T, listener: (event: EventOf<E, T>) => void): () => void {
    let listeners = this.#listeners.get(type);
    if (!listeners) this.#listeners.set(type, (listeners = new Set()));
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Every event from now on, until the source ends or the signal aborts. */
  iterate({ signal }: EventsOptions = {}): AsyncIterableIterator<E> {
    const iterator = new EventIterator<E>(() => this.#iterators.delete(iterator), signal);
    if (this.#ended || signal?.aborted) iterator.end();
    else this.#iterators.add(iterator);
    return iterator;
  }

  /** Hands one event out. A listener that throws is reported and disturbs nobody else. */
  emit(event: E): void {
    for (const iterator of this.#iterators) iterator.push(event);
    for (const listener of [...(this.#listeners.get(event.type) ?? [])]) {
      try {
        (listener as (event: E) => void)(event);
      } catch (error) {
        report(error);
      }
    }
  }

  /** No more events: iterators end after what they hold. */
  end(): void {
    this.#ended = true;
    for (const iterator of [...this.#iterators]) iterator.end();
  }

  get room(): Promise<unknown> | undefined {
    const full = [...this.#iterators].filter((iterator) => iterator.full);
    return full.length === 0 ? undefined : Promise.all(full.map((iterator) => iterator.drained()));
  }

  cut(): void {
    for (const iterator of [...this.#iterators]) if (iterator.full) iterator.cut();
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
    this.#error = new WigwagError("these events were not read fast enough; read them, or use listeners", {
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

/** As the browser does with a throwing event handler: report it, go on. */
function report(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
