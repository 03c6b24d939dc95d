import type { WigwagError } from "./error.js";
import type { IceServer } from "./model.js";
import type { ReceivedPayload } from "./payload.js";

/** An event of a session; see {@link Session.on}. */
export type SessionEvent =
  /** The connection was lost; the next attempt is in `delayMs`. Anything sent meanwhile is queued. */
  | { type: "reconnecting"; attempt: number; delayMs: number; error: WigwagError }
  /** The session was resumed, with the same peer id and rooms; what was missed follows. */
  | { type: "resumed" }
  /**
   * The session could not be resumed and was replaced by a new one, with another peer id and without rooms. `rooms` lists those
   * the old session was a member of. Signals that were not acknowledged are lost.
   */
  | { type: "reset"; reason: string; rooms: readonly string[] }
  /** The session ended: closed by the application (no error), or by an error that reconnecting cannot fix. */
  | { type: "closed"; error: WigwagError | undefined }
  /** A signal that was sent to this peer directly, without a room. `from` is empty if a backend sent it. */
  | { type: "envelope"; from: string; payload: ReceivedPayload }
  /**
   * A direct signal that could not be opened, in a session with a secret. `error.reason`: NOT_SEALED, WRONG_KEY, SEAL_BROKEN,
   * REPLAYED or SEAL_UNKNOWN.
   */
  | { type: "unopened"; from: string; error: WigwagError }
  /** A direct signal, or one whose room is no longer known, was not delivered. `to` is empty if it is no longer known. */
  | { type: "undeliverable"; to: string; error: WigwagError }
  /** New ICE servers, sent before the credentials of the old ones expire. */
  | { type: "ice-servers"; iceServers: readonly IceServer[] }
  /**
   * The token expires soon: call {@link Session.refreshToken}, or the connection ends then. If `connect` was given a function for the
   * token, the client calls it and refreshes on its own.
   */
  | { type: "token-expiring"; expiresAt: Date }
  /**
   * An error of the server that answers no request of this client; or SLOW_CONSUMER, for signals that were dropped because the
   * application had no listener for them. The session continues.
   */
  | { type: "error"; error: WigwagError };

/** The state of a session. */
export type SessionState = "connecting" | "connected" | "reconnecting" | "closed";
