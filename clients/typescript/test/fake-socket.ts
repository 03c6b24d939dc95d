import type { WebSocketLike } from "../src/websocket.js";

type Listener = (event: never) => void;

/** A WebSocket that a test opens, feeds and closes. */
export class FakeSocket implements WebSocketLike {
  /** The instances created since a test last looked, in order. */
  static made: FakeSocket[] = [];
  readyState = 0;
  bufferedAmount = 0;
  protocol = "wigwag.v1.json";
  readonly sent: string[] = [];
  closed = 0;
  readonly #listeners = new Map<string, Listener[]>();

  constructor(
    readonly url: string,
    readonly asked: string,
  ) {
    FakeSocket.made.push(this);
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(data: string): void {
    this.sent.push(data);
  }

  close(): void {
    this.closed += 1;
    this.readyState = 2;
  }

  open(): void {
    this.readyState = 1;
    this.#dispatch("open", {});
  }

  message(data: unknown): void {
    this.#dispatch("message", { data });
  }

  end(code: number, reason = ""): void {
    this.readyState = 3;
    this.#dispatch("close", { code, reason });
  }

  #dispatch(type: string, event: object): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }
}
