/** Milliseconds in `disconnected` before a restart: many interruptions end by themselves. */
const DISCONNECTED_MS = 3_000;
/** Milliseconds the polite peer waits for the other one, since one restart is enough. */
const POLITE_DELAY_MS = 2_000;
/** Milliseconds between attempts, doubled each time up to {@link MAX_RETRY_MS}, with 25 % jitter. */
const FIRST_RETRY_MS = 8_000;
const MAX_RETRY_MS = 30_000;
/** Every third attempt replaces the connection, since an ICE restart does not fix everything. */
const REBUILD_EVERY = 3;

/** What recovery needs of its peer. */
export interface RecoveryHost {
  readonly polite: boolean;
  /** Whether both peers are connected to the server. While they are not, attempts would only queue up. */
  readonly reachable: boolean;
  /** Restarts ICE. */
  restart(): void;
  /** Replaces the connection, and offers. */
  rebuild(): void;
}

/** Decides when and how a connection is recovered. At most one timer runs, and none while the connection works. */
export class Recovery {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #state: RTCPeerConnectionState = "new";
  /** What the next attempt must do at least: a signal was lost, or a description refused. */
  #repair: "no" | "restart" | "rebuild" = "no";
  #closed = false;

  constructor(private readonly host: RecoveryHost) {}

  /** Reports a new state of the connection. */
  changed(state: RTCPeerConnectionState): void {
    this.#state = state;
    if (state === "connected" && this.#repair === "no") this.#recovered();
    else if (state === "disconnected") this.#schedule(DISCONNECTED_MS + this.#politeDelay);
    else if (state === "failed" && this.#tries === 0) this.#schedule(this.#politeDelay, true);
  }

  /** Reports that both peers are connected to the server again: the next attempt is made at once. */
  reachable(): void {
    if (this.#isBroken()) this.#schedule(0, true);
  }

  /** Reports that a signal was lost, so that negotiation must be repeated. */
  lost(): void {
    if (this.#repair === "no") this.#repair = "restart";
    this.#schedule(this.#delay());
  }

  /** Reports that the browser refused a description, so that the connection must be replaced. */
  refused(): void {
    this.#repair = "rebuild";
    this.#schedule(this.#tries === 0 ? this.#politeDelay : this.#delay());
  }

  /** Reports that negotiation is complete. */
  settled(): void {
    this.#repair = "no";
    if (this.#state === "connected") this.#recovered();
  }

  close(): void {
    this.#closed = true;
    this.#recovered();
  }

  get #politeDelay(): number {
    return this.host.polite ? POLITE_DELAY_MS : 0;
  }

  #isBroken(): boolean {
    return this.#repair !== "no" || this.#state === "disconnected" || this.#state === "failed";
  }

  #recovered(): void {
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
    // Continue while an attempt has not led to `connected`.
    if (!this.#isBroken() && (this.#state === "connected" || this.#tries === 0)) return;
    // `reachable` schedules the next attempt.
    if (!this.host.reachable) return;
    this.#tries += 1;
    const rebuild = this.#repair === "rebuild" || this.#tries % REBUILD_EVERY === 0;
    this.#schedule(this.#delay());
    if (rebuild) this.host.rebuild();
    else this.host.restart();
  }

  #delay(): number {
    const ms = Math.min(FIRST_RETRY_MS * 2 ** Math.max(this.#tries - 1, 0), MAX_RETRY_MS);
    return ms * (0.75 + Math.random() / 2);
  }
}
