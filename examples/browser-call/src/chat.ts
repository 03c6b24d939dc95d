import type { Mesh, MeshChannel } from "@wigwag/client/rtc";
import { find } from "./page.js";

/** Messages that are kept on the page. */
const KEPT = 200;

/** The chat: what was said, and the line to say something. On small screens it is behind a button. */
export class Chat {
  readonly #messages = find("#messages");
  readonly #composer = find<HTMLFormElement>("#composer");
  readonly #input = find<HTMLInputElement>("#message");
  readonly #send = find<HTMLButtonElement>("button", this.#composer);
  readonly #toggle = find<HTMLButtonElement>("#chat-toggle");
  readonly #unread = find("#unread");
  #channel: MeshChannel | undefined;
  #waiting = 0;

  constructor() {
    this.#composer.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.#input.value.trim();
      if (text === "" || !this.#channel) return;
      this.#input.value = "";
      this.#channel.send(text);
      this.#add(text, "own");
    });
    this.#toggle.addEventListener("click", () => this.#open(document.body.dataset["chat"] !== "open"));
    find("#chat-close").addEventListener("click", () => this.#open(false));
  }

  /** Talks with everybody in a mesh. `changed` is called when somebody begins or ceases to hear. */
  join(mesh: Mesh, changed: () => void): MeshChannel {
    const channel = mesh.channel("chat");
    const update = () => {
      this.#audience(channel.peers.length);
      changed();
    };
    channel.on("open", update);
    channel.on("close", update);
    channel.on("message", ({ peer, data }) => this.#heard(peer.member?.displayName ?? "", String(data)));
    this.#channel = channel;
    return channel;
  }

  /** Something happened. */
  event(text: string): void {
    this.#add(text, "event");
  }

  #audience(size: number): void {
    this.#input.disabled = this.#send.disabled = size === 0;
    this.#input.placeholder = size === 0 ? "Waiting for somebody…" : "Say something";
  }

  #heard(author: string, text: string): void {
    const line = this.#add(text, "other");
    const name = document.createElement("span");
    name.className = "author";
    name.textContent = author;
    line.prepend(name);
    if (this.#toggle.offsetParent !== null && document.body.dataset["chat"] !== "open") this.#count(this.#waiting + 1);
  }

  #open(open: boolean): void {
    document.body.dataset["chat"] = open ? "open" : "closed";
    this.#toggle.setAttribute("aria-expanded", String(open));
    if (open) this.#count(0);
    this.#messages.lastElementChild?.scrollIntoView({ block: "nearest" });
  }

  #count(unread: number): void {
    this.#waiting = unread;
    this.#unread.textContent = unread > 9 ? "9+" : String(unread);
    this.#unread.hidden = unread === 0;
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
