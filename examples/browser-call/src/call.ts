import type { IceServer, Payload, ReceivedPayload } from "@wigwag/client";

/** What a call tells. */
export interface CallEvents {
  /** A state changed: of the connection or of the channel. */
  state(): void;
  /** A chat message arrived. */
  message(text: string): void;
  /** The other end's camera and microphone came or went. */
  stream(stream: MediaStream | undefined): void;
}

/** How to reach the other end, and who gives way. */
export interface CallOptions {
  /** Gives way when both ends offer at once. Of two peers exactly one. */
  polite: boolean;
  iceServers: IceServer[];
  /** Sends a signal to the other end; in order, and none is lost. */
  send(payload: Payload): void;
}

/** A connection to one peer: perfect negotiation (W3C WebRTC, section 10.7), a chat channel, and media as it comes. */
export class Call {
  readonly #connection: RTCPeerConnection;
  #channel: RTCDataChannel | undefined;
  #work = Promise.resolve();
  #offering = false;
  #ignoring = false;
  /** Candidates that came before the description they belong to. */
  #early: RTCIceCandidateInit[] = [];

  constructor(
    private readonly options: CallOptions,
    private readonly events: CallEvents,
  ) {
    const connection = new RTCPeerConnection({ iceServers: options.iceServers });
    this.#connection = connection;
    connection.onnegotiationneeded = () => void this.#offer();
    // The last event has no candidate, which tells the other end that no more will come.
    connection.onicecandidate = ({ candidate }) => options.send({ candidate });
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === "failed") connection.restartIce();
      events.state();
    };
    connection.ondatachannel = ({ channel }) => this.#use(channel);
    connection.ontrack = ({ streams: [stream] }) => {
      if (!stream) return;
      stream.onremovetrack = () => events.stream(stream.getTracks().length > 0 ? stream : undefined);
      events.stream(stream);
    };
  }

  /** State of the connection, as the browser names it. */
  get connection(): RTCPeerConnectionState {
    return this.#connection.connectionState;
  }

  /** State of the chat channel. */
  get channel(): RTCDataChannelState {
    return this.#channel?.readyState ?? "connecting";
  }

  /** Opens the chat channel, which makes the first offer. For whoever finds the other in the room on joining. */
  start(): void {
    this.#use(this.#connection.createDataChannel("chat"));
  }

  /** Takes a signal of the other end. Signals are worked off one after the other. */
  receive(payload: ReceivedPayload): void {
    this.#work = this.#work
      .then(async () => {
        if ("description" in payload) await this.#description(payload.description);
        else if ("candidate" in payload) await this.#candidate(payload.candidate);
      })
      // A connection that is closed meanwhile refuses what is still to do.
      .catch((error: unknown) => console.warn("signal not taken", error));
  }

  /** Says something. */
  say(text: string): void {
    if (this.#channel?.readyState === "open") this.#channel.send(text);
  }

  /** Sends a camera and a microphone, or nothing any more. */
  show(stream: MediaStream | undefined): void {
    for (const sender of this.#connection.getSenders()) if (sender.track) this.#connection.removeTrack(sender);
    for (const track of stream?.getTracks() ?? []) this.#connection.addTrack(track, stream as MediaStream);
  }

  /** Hangs up. */
  close(): void {
    this.#connection.close();
  }

  async #offer(): Promise<void> {
    try {
      this.#offering = true;
      await this.#connection.setLocalDescription();
      this.#tellDescription();
    } catch (error) {
      console.warn("no offer", error);
    } finally {
      this.#offering = false;
    }
  }

  async #description(description: RTCSessionDescriptionInit): Promise<void> {
    const connection = this.#connection;
    const offer = description.type === "offer";
    const collision = offer && (this.#offering || connection.signalingState !== "stable");
    this.#ignoring = collision && !this.options.polite;
    if (this.#ignoring) return;
    await connection.setRemoteDescription(description);
    for (const candidate of this.#early.splice(0)) await connection.addIceCandidate(candidate);
    if (!offer) return;
    await connection.setLocalDescription();
    this.#tellDescription();
  }

  async #candidate(candidate: RTCIceCandidateInit): Promise<void> {
    // Belongs to an offer that gave way.
    if (this.#ignoring) return;
    if (this.#connection.remoteDescription) await this.#connection.addIceCandidate(candidate);
    else this.#early.push(candidate);
  }

  #tellDescription(): void {
    const description = this.#connection.localDescription;
    if (description) this.options.send({ description });
  }

  #use(channel: RTCDataChannel): void {
    this.#channel = channel;
    channel.onopen = () => this.events.state();
    channel.onclose = () => this.events.state();
    channel.onmessage = ({ data }) => this.events.message(String(data));
  }
}
