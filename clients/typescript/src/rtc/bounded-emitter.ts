import { type AnyEvent, Emitter } from "../events.js";

/**
 * An emitter without backpressure, for events whose source cannot be paused. An iterator with 256 unread events throws
 * SLOW_CONSUMER after the last of them; listeners get every event.
 */
export class BoundedEmitter<E extends AnyEvent> extends Emitter<E> {
  override emit(event: E): void {
    super.emit(event);
    if (this.room !== undefined) this.cut();
  }
}
