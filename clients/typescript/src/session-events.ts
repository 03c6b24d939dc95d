import type { WigwagError } from "./error.js";
import type { IceServer } from "./model.js";
import type { ReceivedPayload } from "./payload.js";

/** What happens to a session; see {@link Session.on}. */
export type SessionEvent =
  /** The connection was lost; the next try is in `delayMs`. Everything sent meanwhile waits. */
  | { type: "reconnecting"; attempt: number; delayMs: number; error: WigwagError }
  /** The session goes on: same peer id, same rooms; what was missed follows. */
  | { type: "resumed" }
  /**
   * The session could not be resumed, and this is a new one: another peer id, and no rooms. `rooms` names those it was
   * in, which are closed now. Signals that were not yet confirmed are lost.
   */
  | { type: "reset"; reason: string; rooms: readonly string[] }
  /** The session is over: closed by this side (no error), or by something that coming back cannot heal. */
  | { type: "closed"; error: WigwagError | undefined }
  /** A signal that was sent to this peer directly, in no room. `from` is empty when a backend sent it. */
  | { type: "envelope"; from: string; payload: ReceivedPayload }
  /**
   * A direct signal came that cannot be opened, in a session with a secret. `error.reason`: NOT_SEALED, WRONG_KEY, SEAL_BROKEN,
   * REPLAYED or SEAL_UNKNOWN.
   */
  | { type: "unopened"; from: string; error: WigwagError }
  /** A direct signal, or one whose room is no longer known, could not be delivered. `to` is empty when that is no longer known. */
  | { type: "undeliverable"; to: string; error: WigwagError }
  /** New ICE servers, before the credentials of the old ones expire. */
  | { type: "ice-servers"; iceServers: readonly IceServer[] }
  /** An error of the server that answers nothing this client asked. The session goes on. */
  | { type: "error"; error: WigwagError };

/** Where a session stands. */
export type SessionState = "connecting" | "connected" | "reconnecting" | "closed";
