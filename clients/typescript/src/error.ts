import type { ErrorFrameJson } from "./gen/wigwag/v1/frame_pb.js";

/** Names of the gRPC status codes, indexed by their number. */
const CODES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

/** A gRPC status code by name. */
export type Code = (typeof CODES)[number];

/** What the server advises a client to do if it does not know the reason. */
export type Advice = "retry" | "resume" | "rejoin" | "stop";

/** The fields of a {@link WigwagError}. */
export interface WigwagErrorInit {
  /** The gRPC status code. */
  code: Code;
  /** The name of an `ErrorReason` of the API, without its prefix. */
  reason: string;
  /** Details of the error: `field`, `room`, `limit` and the like. Default: none. */
  metadata?: Readonly<Record<string, string>>;
  /** The least time to wait before a retry, in milliseconds. Default: 0, the server did not say. */
  retryAfterMs?: number;
  /** The server's advice, if it gave one. */
  advice?: Advice | undefined;
  /** The error that caused this one. */
  cause?: unknown;
}

/**
 * The error type of this package. Compare {@link WigwagError.reason | reason}, never the message.
 *
 * A call aborted through an `AbortSignal` rejects with the signal's reason instead, as usual in the platform.
 */
export class WigwagError extends Error {
  override readonly name = "WigwagError";
  /** The gRPC status code, for instance `"NOT_FOUND"`. */
  readonly code: Code;
  /** The name of an `ErrorReason` of the API, for instance `"ROOM_FULL"`. Servers may add new ones. */
  readonly reason: string;
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean;
  /** Details of the error: `field`, `room`, `limit` and the like. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The least time to wait before a retry, in milliseconds; 0 if the server did not say. */
  readonly retryAfterMs: number;
  /** The server's advice, if it gave one. */
  readonly advice: Advice | undefined;

  constructor(message: string, init: WigwagErrorInit) {
    super(message, "cause" in init ? { cause: init.cause } : undefined);
    this.code = init.code;
    this.reason = init.reason;
    this.metadata = init.metadata ?? {};
    this.retryAfterMs = init.retryAfterMs ?? 0;
    this.advice = init.advice;
    this.retryable = isRetryable(init);
  }

  /** Converts an `error` frame. */
  static fromFrame(frame: ErrorFrameJson): WigwagError {
    return new WigwagError(frame.message ?? "", {
      code: codeName(frame.code ?? 2),
      reason: frame.reason ?? "",
      metadata: frame.metadata ?? {},
      retryAfterMs: frame.retryAfterMs ?? 0,
      advice: adviceName(frame.advice),
    });
  }
}

/** Returns the name of a gRPC status code; UNKNOWN for any other number. */
export function codeName(code: number): Code {
  return CODES[code] ?? "UNKNOWN";
}

/** Without advice and delay, the code decides. */
function isRetryable(init: WigwagErrorInit): boolean {
  if (init.advice !== undefined) return init.advice !== "stop";
  if ((init.retryAfterMs ?? 0) > 0) return true;
  return init.code === "UNAVAILABLE" || init.code === "DEADLINE_EXCEEDED" || init.code === "ABORTED";
}

function adviceName(advice: ErrorFrameJson["advice"]): Advice | undefined {
  switch (advice) {
    case "ADVICE_RETRY":
      return "retry";
    case "ADVICE_RESUME":
      return "resume";
    case "ADVICE_REJOIN":
      return "rejoin";
    case "ADVICE_STOP":
      return "stop";
    default:
      return undefined;
  }
}
