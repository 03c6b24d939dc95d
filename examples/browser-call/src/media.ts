import type { Mesh } from "@wigwag/client/rtc";

/** Source of the picture. */
export type Picture = "off" | "camera" | "screen";

/** Controls camera, screen and microphone of this tab, and sends their tracks to the peers. */
export class Media {
  /** The tracks that are sent, as one stream, so that peers play picture and sound in sync. */
  readonly stream = new MediaStream();
  readonly #changed: () => void;
  #mesh: Mesh | undefined;
  #picture: Picture = "off";
  /** Whether the camera was on before the screen replaced it. */
  #cameraBefore = false;
  /** Permissions that the browser is being asked for. */
  readonly #asking = new Set<"picture" | "sound">();

  /** `changed` is called after each change. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Whether the browser can share the screen; phones cannot. */
  static get hasScreen(): boolean {
    return typeof navigator.mediaDevices?.getDisplayMedia === "function";
  }

  get picture(): Picture {
    return this.#picture;
  }

  /** Whether the microphone is on and not muted. */
  get microphone(): boolean {
    return this.#sound?.enabled ?? false;
  }

  /** Sends the tracks to all peers of a mesh. */
  sendTo(mesh: Mesh): void {
    this.#mesh = mesh;
    for (const track of this.stream.getTracks()) mesh.addTrack(track, this.stream);
  }

  /** Turns the camera on or off. Rejects if there is none or its use was denied. */
  toggleCamera(): Promise<void> {
    return this.#once("picture", async () => {
      if (this.#picture === "camera") this.#show(undefined, "off");
      else this.#show(await camera(), "camera");
    });
  }

  /** Starts or stops sharing the screen. Stopping turns the camera on again if it was on before. */
  toggleScreen(): Promise<void> {
    return this.#once("picture", async () => {
      if (this.#picture === "screen") return this.#endScreen();
      const { picture } = this;
      const shared = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } } });
      const [track] = shared.getVideoTracks();
      if (!track) return;
      track.contentHint = "detail";
      // The browser has its own button to stop sharing.
      track.addEventListener("ended", () => void this.#once("picture", () => this.#endScreen()));
      this.#cameraBefore = picture === "camera";
      this.#show(track, "screen");
    });
  }

  /** Turns the microphone on, then mutes and unmutes it. Rejects if there is none or its use was denied. */
  toggleMicrophone(): Promise<void> {
    return this.#once("sound", async () => {
      const sound = this.#sound;
      if (sound) sound.enabled = !sound.enabled;
      else {
        const opened = await devices().getUserMedia({ audio: true });
        for (const track of opened.getAudioTracks()) {
          this.stream.addTrack(track);
          this.#mesh?.addTrack(track, this.stream);
        }
      }
      this.#changed();
    });
  }

  /** Turns everything off. */
  stop(): void {
    for (const track of this.stream.getTracks()) {
      track.stop();
      this.stream.removeTrack(track);
      this.#mesh?.removeTrack(track);
    }
    this.#picture = "off";
    this.#changed();
  }

  get #sound(): MediaStreamTrack | undefined {
    return this.stream.getAudioTracks()[0];
  }

  async #endScreen(): Promise<void> {
    if (this.#picture !== "screen") return;
    if (this.#cameraBefore) {
      const track = await camera().catch(() => undefined);
      this.#show(track, track ? "camera" : "off");
    } else this.#show(undefined, "off");
  }

  /** Replaces the picture and stops the previous track, which turns off the camera's light. */
  #show(track: MediaStreamTrack | undefined, picture: Picture): void {
    const [before] = this.stream.getVideoTracks();
    if (before) this.stream.removeTrack(before);
    if (track) this.stream.addTrack(track);
    if (before && track) void this.#mesh?.replaceTrack(before, track).catch(() => undefined);
    else if (before) this.#mesh?.removeTrack(before);
    else if (track) this.#mesh?.addTrack(track, this.stream);
    before?.stop();
    this.#picture = picture;
    this.#changed();
  }

  /** Ignores a second click while the browser asks for permission, which would ask again. */
  async #once(what: "picture" | "sound", work: () => Promise<void>): Promise<void> {
    if (this.#asking.has(what)) return;
    this.#asking.add(what);
    try {
      await work();
    } finally {
      this.#asking.delete(what);
    }
  }
}

async function camera(): Promise<MediaStreamTrack | undefined> {
  const video = { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "user" };
  return (await devices().getUserMedia({ video })).getVideoTracks()[0];
}

/** Returns the browser's devices. Throws on pages that are not a secure context. */
function devices(): MediaDevices {
  if (navigator.mediaDevices) return navigator.mediaDevices;
  throw new Error("no media devices");
}
