/** Camera and microphone of this tab. */
export class Media {
  #stream: MediaStream | undefined;

  /** What is being shown, if anything. */
  get stream(): MediaStream | undefined {
    return this.#stream;
  }

  /** The camera is on. */
  get camera(): boolean {
    return (this.#stream?.getVideoTracks().length ?? 0) > 0;
  }

  /** The microphone is on. */
  get microphone(): boolean {
    return this.#stream?.getAudioTracks().some((track) => track.enabled) ?? false;
  }

  /** Turns the camera on, with the microphone where there is one. Throws when there is no camera or it may not be used. */
  async start(): Promise<void> {
    if (!navigator.mediaDevices) throw new Error("This page needs https, or localhost, to use a camera.");
    const video = { width: { ideal: 1280 }, height: { ideal: 720 } };
    this.#stream = await navigator.mediaDevices
      .getUserMedia({ video, audio: true })
      // A camera without a microphone is worth having, too.
      .catch(() => navigator.mediaDevices.getUserMedia({ video }));
  }

  /** Turns the microphone on or off while the camera runs. */
  toggleMicrophone(): void {
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = !track.enabled;
  }

  /** Turns both off. */
  stop(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
  }
}

/** Why a camera could not be turned on, in words for the person in front of it. */
export function cameraProblem(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError") return "The camera was not allowed. The chat works without it.";
  if (name === "NotFoundError") return "No camera was found. The chat works without it.";
  if (name === "NotReadableError") return "The camera is in use by another program. The chat works without it.";
  return error instanceof Error ? error.message : String(error);
}
