import { type AnyEvent, Emitter } from "../events.js";

/**
 * An emitter for events that nothing can hold back. An iterator in which 256 events wait unread throws SLOW_CONSUMER
 * after the last of them; listeners are never cut.
 */
export class BoundedEmitter<E extends AnyEvent> extends Emitter<E> {
  override emit(event: E): void {
    super.emit(event);
    if (this.room !== undefined) this.cut();
  }
}
