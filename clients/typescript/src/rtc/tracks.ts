/** A track that is sent, and what it is sent through. */
interface Sent {
  readonly streams: readonly MediaStream[];
  transceiver: RTCRtpTransceiver;
}

/** The tracks one side sends through a connection, with transceivers used again: an SDP keeps every one it ever had. */
export class SentTracks {
  readonly #sent = new Map<MediaStreamTrack, Sent>();

  constructor(private rtc: RTCPeerConnection) {}

  /** The connection was made anew: everything is sent through the new one. */
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

  /** Another track in the place of one, without negotiating. Rejects when it does not fit, for instance by kind. */
  async replace(track: MediaStreamTrack, by: MediaStreamTrack): Promise<void> {
    const sent = this.#sent.get(track);
    if (!sent || track === by) return;
    // The place is taken at once: another call in the meantime finds the new track.
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
    // Rejects only when the transceiver is stopped meanwhile, and then the connection is made anew.
    idle.sender.replaceTrack(track).catch(() => undefined);
    idle.direction = idle.direction === "inactive" ? "sendonly" : "sendrecv";
    return idle;
  }

  /** `addTrack` itself uses transceivers again only if they never sent. */
  #isIdle({ sender, receiver, direction, currentDirection, mid }: RTCRtpTransceiver, kind: string): boolean {
    if (typeof sender.setStreams !== "function" || mid === null) return false;
    const free = (direction === "inactive" || direction === "recvonly") && currentDirection !== "stopped";
    return free && sender.track === null && receiver.track.kind === kind && !this.#uses(sender);
  }

  #uses(sender: RTCRtpSender): boolean {
    return [...this.#sent.values()].some(({ transceiver }) => transceiver.sender === sender);
  }
}

/** A track the other end sends. */
export interface ReceivedTrack {
  readonly track: MediaStreamTrack;
  /** The streams it belongs to there; what belongs together is shown together. */
  readonly streams: readonly MediaStream[];
  /** What it comes through, for instance to read its statistics or set its codecs. */
  readonly transceiver: RTCRtpTransceiver;
}

/** The tracks the other end sends, and their end. A browser tells only of the beginning. */
export class ReceivedTracks {
  readonly #tracks = new Map<MediaStreamTrack, ReceivedTrack>();

  constructor(
    private readonly events: { began(track: ReceivedTrack): void; ended(track: ReceivedTrack): void },
  ) {}

  get all(): ReadonlyMap<MediaStreamTrack, ReceivedTrack> {
    return this.#tracks;
  }

  /** The browser's `track` event. */
  began({ track, streams, transceiver }: RTCTrackEvent): void {
    const before = this.#tracks.get(track);
    if (before) this.#end(before);
    const received = { track, streams: [...streams], transceiver };
    this.#tracks.set(track, received);
    this.events.began(received);
  }

  /** Descriptions agree: what is not received any more has ended. */
  settled(): void {
    for (const received of [...this.#tracks.values()]) {
      const direction = received.transceiver.currentDirection;
      if (direction !== "sendrecv" && direction !== "recvonly") this.#end(received);
    }
  }

  /** The connection is gone. */
  clear(): void {
    for (const received of [...this.#tracks.values()]) this.#end(received);
  }

  #end(received: ReceivedTrack): void {
    this.#tracks.delete(received.track);
    this.events.ended(received);
  }
}
