import { find } from "./stage.js";

/** Messages that are kept on the page. */
const KEPT = 200;

/** The chat: what was said, and the line to say something. */
export class Chat {
  readonly #messages = find("#messages");
  readonly #composer = find<HTMLFormElement>("#composer");
  readonly #input = find<HTMLInputElement>("#message");
  readonly #button = find<HTMLButtonElement>("button", this.#composer);

  /** `say` is called with what was typed. */
  constructor(say: (text: string) => void) {
    this.#composer.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.#input.value.trim();
      if (text === "") return;
      this.#input.value = "";
      this.#add(text, "own");
      say(text);
    });
  }

  /** How many can hear what is said. */
  audience(size: number): void {
    this.#input.disabled = this.#button.disabled = size === 0;
    this.#input.placeholder = size === 0 ? "Waiting for somebody…" : "Say something";
  }

  /** Somebody said something. */
  heard(author: string, text: string): void {
    const line = this.#add(text, "other");
    const name = document.createElement("span");
    name.className = "author";
    name.textContent = author;
    line.prepend(name);
  }

  /** Something happened. */
  event(text: string): void {
    this.#add(text, "event");
  }

  #add(text: string, kind: "own" | "other" | "event"): HTMLElement {
    const line = document.createElement("li");
    line.className = kind;
    line.append(text);
    this.#messages.append(line);
    while (this.#messages.childElementCount > KEPT) this.#messages.firstElementChild?.remove();
    line.scrollIntoView({ block: "nearest" });
    return line;
  }
}
