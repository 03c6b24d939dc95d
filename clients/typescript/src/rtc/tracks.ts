/** A track that is sent, and its transceiver. */
interface Sent {
  readonly streams: readonly MediaStream[];
  transceiver: RTCRtpTransceiver;
}

/** The tracks this peer sends. Reuses transceivers, since an SDP keeps the m-line of each one that ever existed. */
export class SentTracks {
  readonly #sent = new Map<MediaStreamTrack, Sent>();

  constructor(private rtc: RTCPeerConnection) {}

  /** Sends every track on a new connection. */
  move(rtc: RTCPeerConnection): void {
    this.rtc = rtc;
    for (const [track, sent] of this.#sent) sent.transceiver = this.#send(track, sent.streams);
  }

  add(track: MediaStreamTrack, streams: readonly MediaStream[]): void {
    if (this.#sent.has(track)) return;
    this.#sent.set(track, { streams, transceiver: this.#send(track, streams) });
  }

  remove(track: MediaStreamTrack): void {
    const sent = this.#sent.get(track);
    if (!sent) return;
    this.#sent.delete(track);
    this.rtc.removeTrack(sent.transceiver.sender);
  }

  /** Replaces a track without negotiation. Rejects if that is not possible, for instance for another kind. */
  async replace(track: MediaStreamTrack, by: MediaStreamTrack): Promise<void> {
    const sent = this.#sent.get(track);
    if (!sent || track === by) return;
    // Synchronously, so that a concurrent call finds the new track.
    const entries = [...this.#sent].map(([key, value]) => [key === track ? by : key, value] as const);
    this.#sent.clear();
    for (const [key, value] of entries) this.#sent.set(key, value);
    await sent.transceiver.sender.replaceTrack(by);
  }

  #send(track: MediaStreamTrack, streams: readonly MediaStream[]): RTCRtpTransceiver {
    const idle = this.rtc.getTransceivers().find((transceiver) => this.#isIdle(transceiver, track.kind));
    if (!idle) {
      const sender = this.rtc.addTrack(track, ...streams);
      return this.rtc.getTransceivers().find((transceiver) => transceiver.sender === sender) as RTCRtpTransceiver;
    }
    idle.sender.setStreams(...streams);
    // Rejects only if the transceiver is stopped meanwhile, and then the connection is being replaced.
    idle.sender.replaceTrack(track).catch(() => undefined);
    idle.direction = idle.direction === "inactive" ? "sendonly" : "sendrecv";
    return idle;
  }

  /** Returns whether a transceiver can be reused. `addTrack` itself reuses only those that never sent. */
  #isIdle({ sender, receiver, direction, currentDirection, mid }: RTCRtpTransceiver, kind: string): boolean {
    if (typeof sender.setStreams !== "function" || mid === null) return false;
    const free = (direction === "inactive" || direction === "recvonly") && currentDirection !== "stopped";
    return free && sender.track === null && receiver.track.kind === kind && !this.#uses(sender);
  }

  #uses(sender: RTCRtpSender): boolean {
    return [...this.#sent.values()].some(({ transceiver }) => transceiver.sender === sender);
  }
}

/** A track the other peer sends. */
export interface ReceivedTrack {
  readonly track: MediaStreamTrack;
  /** The streams of the track: tracks that belong together share one. */
  readonly streams: readonly MediaStream[];
  /** The transceiver, for instance to read its statistics or to set its codecs. */
  readonly transceiver: RTCRtpTransceiver;
}

/** The tracks the other peer sends. Also detects their end, for which browsers have no event. */
export class ReceivedTracks {
  readonly #tracks = new Map<MediaStreamTrack, ReceivedTrack>();

  constructor(
    private readonly events: { began(track: ReceivedTrack): void; ended(track: ReceivedTrack): void },
  ) {}

  get all(): ReadonlyMap<MediaStreamTrack, ReceivedTrack> {
    return this.#tracks;
  }

  /** Handles the browser's `track` event. */
  began({ track, streams, transceiver }: RTCTrackEvent): void {
    const before = this.#tracks.get(track);
    if (before) this.#end(before);
    const received = { track, streams: [...streams], transceiver };
    this.#tracks.set(track, received);
    this.events.began(received);
  }

  /** Ends the tracks that are not received any more, when negotiation is complete. */
  settled(): void {
    for (const received of [...this.#tracks.values()]) {
      const direction = received.transceiver.currentDirection;
      if (direction !== "sendrecv" && direction !== "recvonly") this.#end(received);
    }
  }

  /** Ends all tracks, since the connection is closed. */
  clear(): void {
    for (const received of [...this.#tracks.values()]) this.#end(received);
  }

  #end(received: ReceivedTrack): void {
    this.#tracks.delete(received.track);
    this.events.ended(received);
  }
}
