import type { Mesh, MeshChannel, Peer } from "@wigwag/client/rtc";
import type { Picture } from "./media.js";

/** State of a tab's devices, as sent to the other tabs. */
export interface Status {
  readonly microphone: boolean;
  readonly picture: Picture;
}

/** Exchanges with the other tabs, over a data channel, whether each is muted and what its picture is. */
export class StatusLine {
  readonly #channel: MeshChannel;
  #own: Status = { microphone: false, picture: "off" };

  constructor(mesh: Mesh, received: (peer: Peer, status: Status) => void) {
    this.#channel = mesh.channel("status");
    this.#channel.on("open", ({ channel }) => channel.send(JSON.stringify(this.#own)));
    this.#channel.on("message", ({ peer, data }) => {
      const status = parse(data);
      if (status) received(peer, status);
    });
  }

  /** Sends the current state. */
  publish(status: Status): void {
    this.#own = status;
    this.#channel.send(JSON.stringify(status));
  }
}

/** Parses untrusted input; undefined if it is not a status. */
function parse(data: string | ArrayBuffer): Status | undefined {
  try {
    const { microphone, picture } = JSON.parse(String(data)) as Partial<Record<keyof Status, unknown>>;
    return { microphone: microphone === true, picture: picture === "camera" || picture === "screen" ? picture : "off" };
  } catch {
    return undefined;
  }
}
