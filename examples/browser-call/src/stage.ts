import type { Member } from "@wigwag/client";
import type { Call } from "./call.js";
import { flagOf, initials } from "./names.js";

/** Flags there are in the style sheet. */
const FLAGS = 6;

/** Who is in the room, as tiles. */
export class Stage {
  readonly #stage = find("#stage");
  readonly #self = find(".tile.self");
  readonly #template = find<HTMLTemplateElement>("#tile");
  readonly #tiles = new Map<string, HTMLElement>();

  /** Shows one's own name. */
  self(peerId: string, name: string): void {
    document.body.dataset["peerId"] = peerId;
    label(this.#self, peerId, name);
  }

  /** Shows one's own camera. */
  selfVideo(stream: MediaStream | undefined): void {
    show(this.#self, stream);
  }

  /** A peer came, or changed. */
  member({ peerId, displayName, state }: Member): void {
    let tile = this.#tiles.get(peerId);
    if (!tile) {
      const copy = this.#template.content.cloneNode(true) as DocumentFragment;
      tile = find(".tile", copy);
      tile.dataset["peer"] = peerId;
      this.#tiles.set(peerId, tile);
      this.#stage.append(tile);
      this.#count();
    }
    tile.dataset["presence"] = state;
    label(tile, peerId, displayName);
    describe(tile);
  }

  /** A peer's connection or chat channel changed. */
  call(peerId: string, call: Call): void {
    const tile = this.#tiles.get(peerId);
    if (!tile) return;
    tile.dataset["connection"] = call.connection;
    tile.dataset["channel"] = call.channel;
    describe(tile);
  }

  /** A peer's camera came or went. */
  video(peerId: string, stream: MediaStream | undefined): void {
    const tile = this.#tiles.get(peerId);
    if (tile) show(tile, stream);
  }

  /** A peer went. */
  remove(peerId: string): void {
    this.#tiles.get(peerId)?.remove();
    this.#tiles.delete(peerId);
    this.#count();
  }

  #count(): void {
    this.#stage.dataset["peers"] = String(this.#tiles.size);
  }
}

/** The element a selector names; the page and the scripts are made for each other. */
export function find<T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T {
  const element = within.querySelector<T>(selector);
  if (!element) throw new Error(`the page has no ${selector}`);
  return element;
}

function label(tile: HTMLElement, peerId: string, name: string): void {
  find(".name", tile).textContent = name;
  find(".initials", tile).textContent = initials(name);
  find(".portrait", tile).dataset["flag"] = String(flagOf(peerId, FLAGS));
}

function show(tile: HTMLElement, stream: MediaStream | undefined): void {
  find<HTMLVideoElement>("video", tile).srcObject = stream ?? null;
  tile.dataset["video"] = stream && stream.getVideoTracks().length > 0 ? "on" : "off";
}

/** In words what the dot says in color. */
function describe(tile: HTMLElement): void {
  const { presence, connection, channel } = tile.dataset;
  const text = find(".connection .text", tile);
  if (connection === "connected") text.textContent = channel === "open" ? "connected" : "opening the chat";
  else if (presence === "reconnecting") text.textContent = "reconnecting";
  else if (connection === "failed") text.textContent = "no way found, trying again";
  else if (connection === "disconnected") text.textContent = "interrupted";
  else text.textContent = "connecting";
}
