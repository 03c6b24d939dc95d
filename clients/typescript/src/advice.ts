import type { Advice, WigwagError } from "./error.js";

/** Somebody must change something first, or the place belongs to somebody else now. */
const STOP: ReadonlySet<string> = new Set([
  "BANNED",
  "FORBIDDEN",
  "INVALID_FIELD",
  "PEER_ID_TAKEN",
  "REMOVED",
  "REPLACED",
  "TOKEN_INVALID",
  "TOKEN_MISSING",
  "USER_TAKEN",
]);
/** The session is of no more use, and the server would not say so by itself. */
const REJOIN: ReadonlySet<string> = new Set(["RESUME_EXPIRED", "SEQ_EXHAUSTED"]);
/** The network, or a server on its way down or up, and no fault of any frame. */
const CIRCUMSTANCE: ReadonlySet<string> = new Set([
  "CONNECTION_LOST",
  "DRAINING",
  "HEARTBEAT_TIMEOUT",
  "STORE_UNREACHABLE",
]);

/** What is known when a connection ended. */
export interface Situation {
  /** There was a welcome before, so there is a session to come back to. */
  established: boolean;
  /** The application gives a fresh token for every connection. */
  renewableToken: boolean;
}

/** What to do after a connection ended with this error. The server's own advice comes before this table. */
export function adviceFor(error: WigwagError, { established, renewableToken }: Situation): Advice {
  // Whatever else is said: two that keep taking one session from each other help nobody.
  if (error.reason === "SUPERSEDED") return "stop";
  if (error.reason === "TOKEN_EXPIRED") return renewableToken ? "resume" : "stop";
  if (error.advice) return error.advice;
  if (STOP.has(error.reason)) return "stop";
  // What a proxy says in passing must not end a session; at the first try it is all there is to go by.
  if (!established) return error.retryable ? "retry" : "stop";
  return REJOIN.has(error.reason) ? "rejoin" : "resume";
}

/** Whether the error may come back at the same frame each time, so that resuming again would never end. */
export function isFault(error: WigwagError): boolean {
  return !CIRCUMSTANCE.has(error.reason);
}
