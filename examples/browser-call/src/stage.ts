import type { Member } from "@wigwag/client";
import type { Peer } from "@wigwag/client/rtc";
import { keepTilesLarge } from "./layout.js";
import { flagOf, initials } from "./names.js";
import { find, notice } from "./page.js";
import type { Status } from "./status.js";

/** Number of flags in the style sheet. */
const FLAGS = 9;

/** Shows the members of the room as tiles. */
export class Stage {
  readonly #stage = find("#stage");
  readonly #self = find(".tile.self");
  readonly #template = find<HTMLTemplateElement>("#tile");
  readonly #tiles = new Map<string, HTMLElement>();

  constructor() {
    keepTilesLarge(this.#stage);
  }

  /** Shows the user's own name. */
  self(peerId: string, name: string): void {
    document.body.dataset["peerId"] = peerId;
    this.#label(this.#self, peerId, name);
  }

  /** Shows the user's own picture, and whether the microphone is on. */
  selfMedia(stream: MediaStream, status: Status): void {
    const video = find<HTMLVideoElement>("video", this.#self);
    if (video.srcObject !== stream) video.srcObject = stream;
    this.#self.dataset["video"] = status.picture === "off" ? "off" : "on";
    this.status(undefined, status);
  }

  /** Adds a tile for a peer. */
  add(peer: Peer): void {
    const copy = this.#template.content.cloneNode(true) as DocumentFragment;
    const tile = find(".tile", copy);
    tile.dataset["peer"] = peer.id;
    this.#tiles.set(peer.id, tile);
    this.#stage.append(tile);
    this.#count();
    if (peer.member) this.member(peer.member);
  }

  /** Keeps the tile of a peer that is back under another id, while its picture goes on. */
  adopted(peer: Peer, before: string): void {
    const tile = this.#tiles.get(before);
    if (!tile) return;
    this.#tiles.delete(before);
    this.#tiles.set(peer.id, tile);
    tile.dataset["peer"] = peer.id;
    if (peer.member) this.member(peer.member);
  }

  /** Shows a peer's name and presence. */
  member({ peerId, displayName, state }: Member): void {
    const tile = this.#tiles.get(peerId);
    if (!tile) return;
    tile.dataset["presence"] = state;
    this.#label(tile, peerId, displayName);
    describe(tile);
  }

  /** Shows the state of a peer's connection and of its chat channel. */
  connection(peer: Peer, hasChat: boolean): void {
    const tile = this.#tiles.get(peer.id);
    if (!tile) return;
    tile.dataset["connection"] = peer.state;
    tile.dataset["channel"] = hasChat ? "open" : "connecting";
    describe(tile);
  }

  /** Shows whether a peer is muted, and its picture; undefined means the user's own tile. */
  status(peerId: string | undefined, { microphone, picture }: Status): void {
    const tile = peerId === undefined ? this.#self : this.#tiles.get(peerId);
    if (!tile) return;
    tile.dataset["microphone"] = microphone ? "on" : "off";
    tile.dataset["picture"] = picture;
  }

  /** Updates a tile after a peer's tracks have changed. */
  media(peer: Peer): void {
    const tile = this.#tiles.get(peer.id);
    if (!tile) return;
    const tracks = [...peer.tracks.keys()];
    const video = find<HTMLVideoElement>("video", tile);
    video.srcObject = tracks.length > 0 ? new MediaStream(tracks) : null;
    tile.dataset["video"] = tracks.some(({ kind }) => kind === "video") ? "on" : "off";
    if (tracks.length > 0) void play(video);
  }

  /** Removes the tile of a peer. */
  remove(peerId: string): void {
    this.#tiles.get(peerId)?.remove();
    this.#tiles.delete(peerId);
    this.#count();
  }

  #count(): void {
    this.#stage.dataset["peers"] = String(this.#tiles.size);
    document.body.dataset["alone"] = this.#tiles.size === 0 ? "yes" : "no";
  }

  /** Shows a name and a flag that no other tile has while there are enough of them. */
  #label(tile: HTMLElement, peerId: string, name: string): void {
    find(".name .text", tile).textContent = name;
    find(".initials", tile).textContent = initials(name);
    const portrait = find(".portrait", tile);
    if (portrait.dataset["flagOf"] === peerId) return;
    const others = [this.#self, ...this.#tiles.values()].filter((other) => other !== tile);
    const taken = others.flatMap((other) => find(".portrait", other).dataset["flag"] ?? []).map(Number);
    portrait.dataset["flagOf"] = peerId;
    portrait.dataset["flag"] = String(flagOf(peerId, FLAGS, new Set(taken)));
  }
}

/** Browsers block sound until the user has clicked in the page; until then the video plays muted. */
async function play(video: HTMLVideoElement): Promise<void> {
  try {
    await video.play();
  } catch (error) {
    // Other errors: the stream was replaced or removed meanwhile.
    if ((error as Error).name !== "NotAllowedError") return;
    video.muted = true;
    notice("Click anywhere to turn on the sound.");
    addEventListener("click", () => (video.muted = false), { once: true });
    await video.play().catch(() => undefined);
  }
}

/** Says in words what the color of the dot says. */
function describe(tile: HTMLElement): void {
  const { presence, connection, channel } = tile.dataset;
  const text = find(".connection .text", tile);
  if (presence === "reconnecting" && connection !== "connected") text.textContent = "connection lost, reconnecting";
  else if (connection === "connected") text.textContent = channel === "open" ? "connected" : "opening the chat";
  else if (connection === "failed") text.textContent = "connection failed, retrying";
  else if (connection === "disconnected") text.textContent = "interrupted";
  else text.textContent = "connecting";
}
