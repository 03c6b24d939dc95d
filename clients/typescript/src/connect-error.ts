import type { JsonObject } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { codeName, WigwagError } from "./error.js";
import { ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";

/** Frames in JSON form are JSON; only their type does not say so. */
export function json(value: object): JsonObject {
  return value as JsonObject;
}

/**
 * The error of a failed call in this package's form. One without Wigwag's own details comes from the network, the
 * browser or a proxy: `reason` is then CONNECTION_LOST, PROTOCOL for what could not be read, or the code's name.
 */
export function fromConnect(error: unknown): WigwagError {
  if (error instanceof WigwagError) return error;
  const failure = ConnectError.from(error);
  const code = codeName(failure.code);
  const info = failure.findDetails(ErrorInfoSchema).find(({ domain }) => domain === "wigwag");
  if (info) {
    const delay = failure.findDetails(RetryInfoSchema)[0]?.retryDelay;
    return new WigwagError(failure.rawMessage, {
      code,
      reason: info.reason,
      metadata: info.metadata,
      retryAfterMs: delay ? durationMs(delay) : 0,
      cause: error,
    });
  }
  switch (failure.code) {
    case Code.Unknown:
    case Code.Canceled:
    case Code.Unavailable:
    case Code.DeadlineExceeded:
    case Code.Aborted:
      return new WigwagError(`the connection to the server was lost: ${failure.rawMessage}`, {
        code: "UNAVAILABLE",
        reason: "CONNECTION_LOST",
        cause: error,
      });
    case Code.Internal:
      return new WigwagError(`the server's answer cannot be read: ${failure.rawMessage}`, {
        code,
        reason: "PROTOCOL",
        cause: error,
      });
    default:
      return new WigwagError(`this does not look like a Wigwag server: ${failure.rawMessage}`, {
        code,
        reason: code,
        cause: error,
      });
  }
}
