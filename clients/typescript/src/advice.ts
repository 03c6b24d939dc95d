import type { Advice, WigwagError } from "./error.js";

/** A fresh token may fix these; without a way to get one, a person must act first. */
const TOKEN: ReadonlySet<string> = new Set(["FORBIDDEN", "TOKEN_EXPIRED", "TOKEN_INVALID", "TOKEN_MISSING"]);
/** A person must act first, or another client has taken the place. */
const STOP: ReadonlySet<string> = new Set([
  "BANNED",
  "INVALID_FIELD",
  "PEER_ID_TAKEN",
  "REMOVED",
  "REPLACED",
  "USER_TAKEN",
]);
/** The session is lost, and these errors may come without advice. */
const REJOIN: ReadonlySet<string> = new Set(["RESUME_EXPIRED", "SEQ_EXHAUSTED"]);
/** A frame caused these, not the network. */
const CAUSED_BY_FRAME: ReadonlySet<string> = new Set([
  "FRAME_TOO_LARGE",
  "INTERNAL",
  "INVALID_FIELD",
  "PROTOCOL",
  "SEQ_GAP",
  "UNKNOWN_FRAME",
]);

/** What decides beside the error when a connection ended. */
export interface SessionFacts {
  /** The session was welcomed before, so it can be resumed. */
  established: boolean;
  /** The application provides a fresh token for every connection. */
  renewableToken: boolean;
}

/** Returns what to do after a connection ended with this error. The server's advice takes precedence over the tables. */
export function adviceFor(error: WigwagError, { established, renewableToken }: SessionFacts): Advice {
  // A wrong address or a bad token must fail at once: only a session that worked before reconnects.
  if (!established) return "stop";
  // Whatever the advice: two clients that keep taking a session from each other would never stop.
  if (error.reason === "SUPERSEDED") return "stop";
  if (TOKEN.has(error.reason)) return renewableToken ? "resume" : "stop";
  if (error.advice) return error.advice;
  if (STOP.has(error.reason)) return "stop";
  // An unknown error may come from a proxy, and must not end the session.
  return REJOIN.has(error.reason) ? "rejoin" : "resume";
}

/** Returns whether a frame caused the error, so that each resume may fail at the same frame. */
export function isCausedByFrame(error: WigwagError): boolean {
  return CAUSED_BY_FRAME.has(error.reason);
}
