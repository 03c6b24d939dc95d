import type { Mesh, MeshChannel, Peer } from "@wigwag/client/rtc";
import type { Picture } from "./media.js";

/** What each tab tells the others of its devices. */
export interface Status {
  readonly microphone: boolean;
  readonly picture: Picture;
}

/** Tells the others whether this tab is muted and what it shows, and hears the same of them: from tab to tab. */
export class StatusLine {
  readonly #channel: MeshChannel;
  #own: Status = { microphone: false, picture: "off" };

  constructor(mesh: Mesh, heard: (peer: Peer, status: Status) => void) {
    this.#channel = mesh.channel("status");
    this.#channel.on("open", ({ channel }) => channel.send(JSON.stringify(this.#own)));
    this.#channel.on("message", ({ peer, data }) => {
      const status = parse(data);
      if (status) heard(peer, status);
    });
  }

  /** Tells what holds now. */
  tell(status: Status): void {
    this.#own = status;
    this.#channel.send(JSON.stringify(status));
  }
}

/** What others send may be anything. */
function parse(data: string | ArrayBuffer): Status | undefined {
  try {
    const { microphone, picture } = JSON.parse(String(data)) as Partial<Record<keyof Status, unknown>>;
    return { microphone: microphone === true, picture: picture === "camera" || picture === "screen" ? picture : "off" };
  } catch {
    return undefined;
  }
}
