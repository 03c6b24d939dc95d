import type { Member } from "@wigwag/client";
import type { Peer } from "@wigwag/client/rtc";
import { flagOf, initials } from "./names.js";
import { find, notice } from "./page.js";
import type { Status } from "./status.js";

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

  /** Shows one's own picture, and whether one is heard. */
  selfMedia(stream: MediaStream, status: Status): void {
    const video = find<HTMLVideoElement>("video", this.#self);
    if (video.srcObject !== stream) video.srcObject = stream;
    this.#self.dataset["video"] = status.picture === "off" ? "off" : "on";
    this.status(undefined, status);
  }

  /** A peer is there. */
  add(peer: Peer): void {
    const copy = this.#template.content.cloneNode(true) as DocumentFragment;
    const tile = find(".tile", copy);
    tile.dataset["peer"] = peer.id;
    this.#tiles.set(peer.id, tile);
    this.#stage.append(tile);
    this.#count();
    if (peer.member) this.member(peer.member);
  }

  /** A peer's name or presence. */
  member({ peerId, displayName, state }: Member): void {
    const tile = this.#tiles.get(peerId);
    if (!tile) return;
    tile.dataset["presence"] = state;
    label(tile, peerId, displayName);
    describe(tile);
  }

  /** A peer's connection changed, or its chat. */
  connection(peer: Peer, talks: boolean): void {
    const tile = this.#tiles.get(peer.id);
    if (!tile) return;
    tile.dataset["connection"] = peer.state;
    tile.dataset["channel"] = talks ? "open" : "connecting";
    describe(tile);
  }

  /** Whether a peer is muted, and what it shows; undefined means oneself. */
  status(peerId: string | undefined, { microphone, picture }: Status): void {
    const tile = peerId === undefined ? this.#self : this.#tiles.get(peerId);
    if (!tile) return;
    tile.dataset["microphone"] = microphone ? "on" : "off";
    tile.dataset["picture"] = picture;
  }

  /** What a peer sends began or ended. */
  media(peer: Peer): void {
    const tile = this.#tiles.get(peer.id);
    if (!tile) return;
    const tracks = [...peer.tracks.keys()];
    const video = find<HTMLVideoElement>("video", tile);
    video.srcObject = tracks.length > 0 ? new MediaStream(tracks) : null;
    tile.dataset["video"] = tracks.some(({ kind }) => kind === "video") ? "on" : "off";
    if (tracks.length > 0) void play(video);
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

/** Browsers let a page make a sound only after a click in it. Until then there is the picture. */
async function play(video: HTMLVideoElement): Promise<void> {
  try {
    await video.play();
  } catch (error) {
    // Another stream took its place, or nothing any more.
    if ((error as Error).name !== "NotAllowedError") return;
    video.muted = true;
    notice("Click anywhere to hear the others.");
    addEventListener("click", () => (video.muted = false), { once: true });
    await video.play().catch(() => undefined);
  }
}

function label(tile: HTMLElement, peerId: string, name: string): void {
  find(".name .text", tile).textContent = name;
  find(".initials", tile).textContent = initials(name);
  find(".portrait", tile).dataset["flag"] = String(flagOf(peerId, FLAGS));
}

/** In words what the dot says in color. */
function describe(tile: HTMLElement): void {
  const { presence, connection, channel } = tile.dataset;
  const text = find(".connection .text", tile);
  if (presence === "reconnecting" && connection !== "connected") text.textContent = "lost, coming back";
  else if (connection === "connected") text.textContent = channel === "open" ? "connected" : "opening the chat";
  else if (connection === "failed") text.textContent = "no way found, trying again";
  else if (connection === "disconnected") text.textContent = "interrupted";
  else text.textContent = "connecting";
}
