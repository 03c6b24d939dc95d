import type { Mesh } from "@wigwag/client/rtc";

/** What a picture shows. */
export type Picture = "off" | "camera" | "screen";

/** Camera, screen and microphone of this tab, and what of them goes to the others. */
export class Media {
  /** What is sent, as one stream: the others play picture and sound together. */
  readonly stream = new MediaStream();
  readonly #changed: () => void;
  #mesh: Mesh | undefined;
  #picture: Picture = "off";
  /** The camera was on before the screen took its place. */
  #cameraBefore = false;
  /** What a browser is being asked for. */
  readonly #asking = new Set<"picture" | "sound">();

  /** `changed` is called after each change. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** The screen can be shown: phones cannot. */
  static get hasScreen(): boolean {
    return typeof navigator.mediaDevices?.getDisplayMedia === "function";
  }

  get picture(): Picture {
    return this.#picture;
  }

  /** The others hear this tab. */
  get microphone(): boolean {
    return this.#sound?.enabled ?? false;
  }

  /** Sends to everybody in a mesh. */
  sendTo(mesh: Mesh): void {
    this.#mesh = mesh;
    for (const track of this.stream.getTracks()) mesh.addTrack(track, this.stream);
  }

  /** Turns the camera on or off. Rejects when there is none or it may not be used. */
  toggleCamera(): Promise<void> {
    return this.#once("picture", async () => {
      if (this.#picture === "camera") this.#show(undefined, "off");
      else this.#show(await camera(), "camera");
    });
  }

  /** Shows the screen, or stops that; a camera that was on before comes back. */
  toggleScreen(): Promise<void> {
    return this.#once("picture", async () => {
      if (this.#picture === "screen") return this.#endScreen();
      const { picture } = this;
      const shared = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } } });
      const [track] = shared.getVideoTracks();
      if (!track) return;
      track.contentHint = "detail";
      // The browser has a button of its own for it.
      track.addEventListener("ended", () => void this.#once("picture", () => this.#endScreen()));
      this.#cameraBefore = picture === "camera";
      this.#show(track, "screen");
    });
  }

  /** Turns the microphone on, then mutes and unmutes it. Rejects when there is none or it may not be used. */
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

  /** One picture in the place of the one before, which is turned off: lights go out. */
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

  /** A second click while a browser asks for permission would ask again. */
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

/** Absent on pages that are not secure. */
function devices(): MediaDevices {
  if (navigator.mediaDevices) return navigator.mediaDevices;
  throw new Error("no media devices");
}
