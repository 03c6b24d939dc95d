import type { Mesh, MeshChannel } from "@wigwag/client/rtc";
import { find } from "./page.js";

/** Maximum number of messages kept on the page. */
const KEPT = 200;

/** The chat: messages and the input line. On small screens a button opens it. */
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

  /** Opens the chat channel to all peers of a mesh. `changed` is called when the channel to a peer opens or closes. */
  join(mesh: Mesh, changed: () => void): MeshChannel {
    const channel = mesh.channel("chat");
    const update = () => {
      this.#setPeers(channel.peers.length);
      changed();
    };
    channel.on("open", update);
    channel.on("close", update);
    channel.on("message", ({ peer, data }) => this.#receive(peer.member?.displayName ?? "", String(data)));
    this.#channel = channel;
    return channel;
  }

  /** Adds a line about an event. */
  event(text: string): void {
    this.#add(text, "event");
  }

  #setPeers(size: number): void {
    this.#input.disabled = this.#send.disabled = size === 0;
    this.#input.placeholder = size === 0 ? "Waiting for someone to join…" : "Write a message";
  }

  #receive(author: string, text: string): void {
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
