import type { Advice, Code, WigwagError } from "./error.js";

/** A fresh token may fix these; without a way to get one, a person must act first. */
const TOKEN: ReadonlySet<string> = new Set(["FORBIDDEN", "TOKEN_EXPIRED", "TOKEN_INVALID", "TOKEN_MISSING"]);
/** What to do without advice, by the reason. B38 of clients/README.md has the table; a test compares the two. */
const BY_REASON: Readonly<Partial<Record<string, Advice>>> = {
  // Another client has taken the place, or the same frame would be refused again.
  FRAME_TOO_LARGE: "stop",
  REPLACED: "stop",
  // The session is over.
  ENDED: "rejoin",
  EXPIRED: "rejoin",
  MAILBOX_OVERFLOW: "rejoin",
  RESUME_EXPIRED: "rejoin",
  SEQ_EXHAUSTED: "rejoin",
  STORE_LOST: "rejoin",
  UNKNOWN_SESSION: "rejoin",
  // The code is INVALID_ARGUMENT, but a resume corrects it.
  SEQ_GAP: "resume",
};
/**
 * Codes that say that the same attempt would fail again: from a Wigwag server whose reason is not known here, or from a proxy or another
 * server at this address. Any other code may be a failure of the moment, which must not end the session; UNIMPLEMENTED too, which gRPC
 * makes of 404: proxies answer that while a server is replaced.
 */
const STOP_CODES: ReadonlySet<Code> = new Set<Code>([
  "ALREADY_EXISTS",
  "FAILED_PRECONDITION",
  "INVALID_ARGUMENT",
  "NOT_FOUND",
  "PERMISSION_DENIED",
  "UNAUTHENTICATED",
]);
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

/** Returns what to do after a connection ended with this error: B36 to B38 of clients/README.md. */
export function adviceFor(error: WigwagError, { established, renewableToken }: SessionFacts): Advice {
  // A wrong address or a bad token must fail at once: only a session that worked before reconnects.
  if (!established) return "stop";
  // Whatever the advice: two clients that keep taking a session from each other would never stop.
  if (error.reason === "SUPERSEDED") return "stop";
  if (TOKEN.has(error.reason)) return renewableToken ? "resume" : "stop";
  return error.advice ?? BY_REASON[error.reason] ?? (STOP_CODES.has(error.code) ? "stop" : "resume");
}

/** Returns whether a frame caused the error, so that each resume may fail at the same frame. */
export function isCausedByFrame(error: WigwagError): boolean {
  return CAUSED_BY_FRAME.has(error.reason);
}
