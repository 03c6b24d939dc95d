/** Milliseconds a connection may be interrupted before something is done: many interruptions heal by themselves. */
const PATIENCE_MS = 3_000;
/** Milliseconds the polite side lets the other one go first. Both would do, but once is enough. */
const COURTESY_MS = 2_000;
/** Milliseconds from a try to the next, doubled with each up to {@link LONGEST_MS}; a quarter more or less at random. */
const FIRST_MS = 8_000;
const LONGEST_MS = 30_000;
/** Every so many tries the connection is made anew: new ICE credentials do not heal everything. */
const REBUILD_EVERY = 3;

/** What recovery needs of the peer. */
export interface RecoveryHost {
  readonly polite: boolean;
  /** Both ends can be signaled to. While they cannot, tries would only queue up. */
  readonly reachable: boolean;
  /** Offers with new ICE credentials. */
  restart(): void;
  /** Makes a new connection, and offers. */
  rebuild(): void;
}

/** Brings a connection back: when, how often, and by which means. At most one timer runs, and none while all is well. */
export class Recovery {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #state: RTCPeerConnectionState = "new";
  /** Something beside the connection is to be healed: a signal was lost, or a description refused. */
  #ailing: "no" | "restart" | "rebuild" = "no";
  #closed = false;

  constructor(private readonly host: RecoveryHost) {}

  /** The state of the connection changed. */
  changed(state: RTCPeerConnectionState): void {
    this.#state = state;
    if (state === "connected" && this.#ailing === "no") this.#well();
    else if (state === "disconnected") this.#schedule(PATIENCE_MS + this.#courtesy);
    else if (state === "failed" && this.#tries === 0) this.#schedule(this.#courtesy, true);
  }

  /** The way to signal came back: no reason to wait any longer. */
  reachable(): void {
    if (this.#ails()) this.#schedule(0, true);
  }

  /** A signal was lost: what was to be agreed must be said again. */
  lost(): void {
    if (this.#ailing === "no") this.#ailing = "restart";
    this.#schedule(this.#delay());
  }

  /** The browser refuses a description: only a new connection helps. */
  refused(): void {
    this.#ailing = "rebuild";
    this.#schedule(this.#tries === 0 ? this.#courtesy : this.#delay());
  }

  /** Descriptions agree. */
  settled(): void {
    this.#ailing = "no";
    if (this.#state === "connected") this.#well();
  }

  close(): void {
    this.#closed = true;
    this.#well();
  }

  get #courtesy(): number {
    return this.host.polite ? COURTESY_MS : 0;
  }

  #ails(): boolean {
    return this.#ailing !== "no" || this.#state === "disconnected" || this.#state === "failed";
  }

  #well(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#tries = 0;
  }

  #schedule(ms: number, sooner = false): void {
    if (this.#closed || (this.#timer !== undefined && !sooner)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#try(), ms);
  }

  #try(): void {
    this.#timer = undefined;
    // Not back by now: a connection that is neither well nor trying.
    if (!this.#ails() && (this.#state === "connected" || this.#tries === 0)) return;
    // It will be said when this changes.
    if (!this.host.reachable) return;
    this.#tries += 1;
    const rebuild = this.#ailing === "rebuild" || this.#tries % REBUILD_EVERY === 0;
    this.#schedule(this.#delay());
    if (rebuild) this.host.rebuild();
    else this.host.restart();
  }

  #delay(): number {
    const ms = Math.min(FIRST_MS * 2 ** Math.max(this.#tries - 1, 0), LONGEST_MS);
    return ms * (0.75 + Math.random() / 2);
  }
}
