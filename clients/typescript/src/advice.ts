import type { Advice, WigwagError } from "./error.js";

/** A fresh token may heal these; without a way to get one, a person must act first. */
const TOKEN: ReadonlySet<string> = new Set(["FORBIDDEN", "TOKEN_EXPIRED", "TOKEN_INVALID", "TOKEN_MISSING"]);
/** Somebody must change something first, or the place belongs to somebody else now. */
const STOP: ReadonlySet<string> = new Set([
  "BANNED",
  "INVALID_FIELD",
  "PEER_ID_TAKEN",
  "REMOVED",
  "REPLACED",
  "USER_TAKEN",
]);
/** The session is of no more use, and the server would not say so by itself. */
const REJOIN: ReadonlySet<string> = new Set(["RESUME_EXPIRED", "SEQ_EXHAUSTED"]);
/** A frame is to blame, not the network. */
const FAULT: ReadonlySet<string> = new Set([
  "FRAME_TOO_LARGE",
  "INTERNAL",
  "INVALID_FIELD",
  "PROTOCOL",
  "SEQ_GAP",
  "UNKNOWN_FRAME",
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
  // A wrong address or a bad token must not look like patience: only what worked once comes back by itself.
  if (!established) return "stop";
  // Whatever else is said: two that keep taking one session from each other help nobody.
  if (error.reason === "SUPERSEDED") return "stop";
  if (TOKEN.has(error.reason)) return renewableToken ? "resume" : "stop";
  if (error.advice) return error.advice;
  if (STOP.has(error.reason)) return "stop";
  // What a proxy says in passing must not end a session.
  return REJOIN.has(error.reason) ? "rejoin" : "resume";
}

/** Whether the error may come back at the same frame each time, so that resuming again would never end. */
export function isFault(error: WigwagError): boolean {
  return FAULT.has(error.reason);
}
