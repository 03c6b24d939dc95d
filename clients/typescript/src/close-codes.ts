import { type Advice, type Code, WigwagError } from "./error.js";

/**
 * The meaning of each WebSocket close code, for a socket that is closed without a fatal `error` frame: the status code, the
 * reason to use when the close frame has none, and the advice where it differs from that of the code's range.
 * docs/websocket.md has the table; a test compares the two.
 */
const CLOSES: Readonly<Record<number, readonly [Code, string, Advice?]>> = {
  1002: ["INVALID_ARGUMENT", "PROTOCOL", "stop"],
  1007: ["INVALID_ARGUMENT", "PROTOCOL", "stop"],
  1009: ["RESOURCE_EXHAUSTED", "FRAME_TOO_LARGE", "stop"],
  1011: ["INTERNAL", "INTERNAL"],
  4001: ["UNAVAILABLE", "DRAINING"],
  4002: ["RESOURCE_EXHAUSTED", "SLOW_CONSUMER"],
  4003: ["ABORTED", "HEARTBEAT_TIMEOUT"],
  4004: ["ABORTED", "SUPERSEDED", "stop"],
  4005: ["OUT_OF_RANGE", "SEQ_GAP"],
  4006: ["ABORTED", "DETACHED"],
  4007: ["DEADLINE_EXCEEDED", "HELLO_TIMEOUT"],
  4008: ["UNAVAILABLE", "STORE_UNREACHABLE"],
  4009: ["RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED"],
  4029: ["RESOURCE_EXHAUSTED", "RATE_LIMITED"],
  4501: ["UNAUTHENTICATED", "TOKEN_INVALID"],
  4502: ["UNAUTHENTICATED", "TOKEN_EXPIRED"],
  4503: ["PERMISSION_DENIED", "REMOVED"],
  4504: ["ALREADY_EXISTS", "REPLACED"],
  4505: ["NOT_FOUND", "UNKNOWN_SESSION", "rejoin"],
  4506: ["INVALID_ARGUMENT", "PROTOCOL"],
  4507: ["RESOURCE_EXHAUSTED", "FRAME_TOO_LARGE"],
  4508: ["PERMISSION_DENIED", "FORBIDDEN"],
  4509: ["RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED"],
};

/** Returns the error of a closed socket; undefined for a normal closure. */
export function closeError(code: number, reason: string): WigwagError | undefined {
  if (code === 1000) return undefined;
  if (code < 4000 && !(code in CLOSES)) {
    return new WigwagError(`the connection to the server was lost (close code ${code})`, {
      code: "UNAVAILABLE",
      reason: "CONNECTION_LOST",
    });
  }
  const mayReturn = code < 4500;
  const [status, usual, advice] = CLOSES[code] ?? [mayReturn ? "UNAVAILABLE" : "FAILED_PRECONDITION", "CONNECTION_LOST"];
  return new WigwagError(`the server closed the connection: ${reason || usual}`, {
    code: status,
    reason: reason || usual,
    advice: advice ?? (mayReturn ? "resume" : "stop"),
  });
}
