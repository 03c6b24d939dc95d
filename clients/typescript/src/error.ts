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

/** What the server advises a client to do that does not know a reason. */
export type Advice = "retry" | "resume" | "rejoin" | "stop";

/** What a {@link WigwagError} is made of. */
export interface WigwagErrorInit {
  /** The gRPC status code. */
  code: Code;
  /** Name of an `ErrorReason` of the API, without its prefix. */
  reason: string;
  /** Facts the message speaks of: `field`, `room`, `limit` and the like. Default: none. */
  metadata?: Readonly<Record<string, string>>;
  /** The least time to wait before trying again, in milliseconds. Default 0: the server did not say. */
  retryAfterMs?: number;
  /** The server's advice, when it gave one. */
  advice?: Advice | undefined;
  /** The error below this one. */
  cause?: unknown;
}

/**
 * The one error type of this package. Compare {@link WigwagError.reason | reason}, never the message.
 *
 * Aborting through an `AbortSignal` is not one of these: it rejects with the signal's own reason, as everywhere.
 */
export class WigwagError extends Error {
  override readonly name = "WigwagError";
  /** The gRPC status code, for instance `"NOT_FOUND"`. */
  readonly code: Code;
  /** Why, as the name of an `ErrorReason` of the API, for instance `"ROOM_FULL"`. New ones may come up. */
  readonly reason: string;
  /** The same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** Facts the message speaks of: `field`, `room`, `limit` and the like. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The least time to wait before trying again, in milliseconds; 0 when the server did not say. */
  readonly retryAfterMs: number;
  /** The server's advice, when it gave one. */
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

  /** The error an `error` frame tells of. */
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

/** The name of a gRPC status code; UNKNOWN for a number that is none. */
export function codeName(code: number): Code {
  return CODES[code] ?? "UNKNOWN";
}

/** Without advice the code decides; what a person must change first is never retryable. */
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
