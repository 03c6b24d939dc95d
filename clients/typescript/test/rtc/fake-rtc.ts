// An RTCPeerConnection without a network: the signaling state machine, with the events a browser fires.

let made = 0;

/** Session descriptions, reduced to what negotiation needs. */
export class FakeConnection extends EventTarget {
  static readonly all: FakeConnection[] = [];
  signalingState: RTCSignalingState = "stable";
  connectionState: RTCPeerConnectionState = "new";
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  readonly channels: FakeChannel[] = [];
  /** The channel that is negotiated out of band. */
  internal: FakeChannel | undefined;
  /** Candidates that were accepted. */
  readonly candidates: RTCIceCandidateInit[] = [];
  /** How often ICE was restarted. */
  restarts = 0;
  readonly #id = (made += 1);
  #credentials = 1;
  #needed = false;
  #stable: { local: RTCSessionDescriptionInit | null; remote: RTCSessionDescriptionInit | null } = { local: null, remote: null };

  constructor(public configuration: RTCConfiguration = {}) {
    super();
    FakeConnection.all.push(this);
  }

  get ufrag(): string {
    return `u${this.#id}x${this.#credentials}`;
  }

  createDataChannel(label: string, { negotiated = false }: RTCDataChannelInit = {}): FakeChannel {
    const channel = new FakeChannel(label);
    const isFirst = this.channels.length === 0 && this.internal === undefined;
    if (negotiated) this.internal = channel;
    else this.channels.push(channel);
    if (isFirst && !this.remoteDescription) this.#need();
    return channel;
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
  }

  getTransceivers(): never[] {
    return [];
  }

  restartIce(): void {
    this.restarts += 1;
    this.#credentials += 1;
    this.#need();
  }

  async setLocalDescription(): Promise<void> {
    this.#open();
    const type = this.signalingState === "have-remote-offer" ? "answer" : "offer";
    await undefined;
    this.localDescription = { type, sdp: `v=0\r\no=- ${this.#id} 1 IN IP4 0.0.0.0\r\na=ice-ufrag:${this.ufrag}\r\nm=application 9\r\n` };
    if (type === "offer") {
      this.#needed = false;
      this.#signaling("have-local-offer");
    } else this.#settle();
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.#open();
    await undefined;
    if (description.sdp?.includes("BAD")) throw new DOMException("cannot parse", "OperationError");
    if (description.type === "offer") {
      if (this.signalingState === "have-local-offer") {
        this.localDescription = this.#stable.local;
        this.#needed = true;
      }
      this.remoteDescription = description;
      this.#signaling("have-remote-offer");
    } else {
      if (this.signalingState !== "have-local-offer") throw new DOMException("no offer", "InvalidStateError");
      this.remoteDescription = description;
      this.#settle();
    }
  }

  async addIceCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    const fragment = candidate.usernameFragment;
    if (fragment && !this.remoteDescription?.sdp?.includes(`a=ice-ufrag:${fragment}\r`)) {
      throw new DOMException("unknown ufrag", "OperationError");
    }
    this.candidates.push(candidate);
  }

  /** Changes the connection state. */
  becomes(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.dispatchEvent(new Event("connectionstatechange"));
  }

  /** Fires a candidate, or (null) the end of candidates. */
  gathers(candidate: string | null): void {
    const found = candidate === null ? null : { candidate, sdpMid: "0", usernameFragment: this.ufrag };
    this.dispatchEvent(Object.assign(new Event("icecandidate"), { candidate: found }));
  }

  close(): void {
    this.signalingState = "closed";
    this.connectionState = "closed";
  }

  #open(): void {
    if (this.signalingState === "closed") throw new DOMException("closed", "InvalidStateError");
  }

  #settle(): void {
    this.#stable = { local: this.localDescription, remote: this.remoteDescription };
    this.#signaling("stable");
    if (this.#needed) this.#need();
  }

  #signaling(state: RTCSignalingState): void {
    this.signalingState = state;
    this.dispatchEvent(new Event("signalingstatechange"));
  }

  #need(): void {
    this.#needed = true;
    // A task, as in browsers: code after an `await` of the caller runs before.
    setImmediate(() => {
      if (this.#needed && this.signalingState === "stable") this.dispatchEvent(new Event("negotiationneeded"));
    });
  }
}

/** A data channel whose state the test sets. */
export class FakeChannel extends EventTarget {
  readyState: RTCDataChannelState = "connecting";
  binaryType = "blob";
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  readonly sent: unknown[] = [];

  constructor(readonly label: string) {
    super();
  }

  send(data: unknown): void {
    if (this.readyState !== "open") throw new DOMException("not open", "InvalidStateError");
    this.sent.push(data);
  }

  opens(): void {
    this.readyState = "open";
    this.dispatchEvent(new Event("open"));
  }

  receive(data: unknown): void {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }

  /** Closes the channel, as if the other peer had closed it or its connection. */
  ends({ torn = false } = {}): void {
    if (torn) this.dispatchEvent(Object.assign(new Event("error"), { error: { errorDetail: "sctp-failure" } }));
    this.readyState = "closed";
    this.dispatchEvent(new Event("close"));
  }

  close(): void {
    this.readyState = "closing";
  }
}

/** The value of an option. */
export const fakeConstructor = FakeConnection as unknown as new (configuration?: RTCConfiguration) => RTCPeerConnection;
