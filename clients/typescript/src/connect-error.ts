import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { codeName, WigwagError } from "./error.js";
import { type ClientFrame, type ClientFrameJson, ClientFrameSchema } from "./gen/wigwag/v1/frame_pb.js";
import { ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import { requireWellFormed } from "./well-formed.js";

/** Frames in their JSON form are JSON objects, but their generated types are not assignable to `JsonObject`. */
export function json(value: object): JsonObject {
  return value as JsonObject;
}

/** Converts a frame to a protobuf message. Throws if that cannot be serialized later. */
export function toMessage(frame: ClientFrameJson): ClientFrame {
  requireWellFormed(frame);
  return fromJson(ClientFrameSchema, json(frame));
}

/**
 * Converts the error of a failed call. One without Wigwag's `ErrorInfo` comes from the network, the browser or a proxy: its
 * `reason` is CONNECTION_LOST, PROTOCOL if the response could not be decoded, or the name of the code.
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
      return new WigwagError(`the server's response cannot be decoded: ${failure.rawMessage}`, {
        code,
        reason: "PROTOCOL",
        cause: error,
      });
    default:
      return new WigwagError(`the server does not answer as a Wigwag server does, check the URL: ${failure.rawMessage}`, {
        code,
        reason: code,
        cause: error,
      });
  }
}
