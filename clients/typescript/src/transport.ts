import { WigwagError } from "./error.js";
import type { ClientFrameJson, HelloJson, ServerFrameJson } from "./gen/wigwag/v1/frame_pb.js";

/**
 * A transport carries frames between client and server. Frames are in their protobuf JSON form, so that a JSON transport needs no
 * protobuf runtime. It does not depend on sessions: numbering, acknowledging, resending and reconnecting happen above it.
 */
export interface Transport {
  /**
   * Opens one connection with this hello. Never throws: {@link Connection.frames} reports errors. Aborting the signal ends the
   * connection and every call on it.
   */
  open(hello: HelloJson, signal: AbortSignal): Connection;
}

/** Creates the transport for a server's URL. */
export type TransportFactory = (url: string) => Transport;

/** One connection of a session. */
export interface Connection {
  /** Name of the transport, for instance `"websocket"`; the application sees it as {@link Session.transport}. */
  readonly transport: string;

  /**
   * The server's frames in order, `welcome` first. Ends when the connection ends; throws a `WigwagError` if it ends with a
   * status, or cannot be opened.
   */
  readonly frames: AsyncIterable<ServerFrameJson>;

  /**
   * Sends frames to the server, in order. One call at a time. Rejects with a `WigwagError`; with a {@link FrameEncodingError},
   * before it sends any frame, if one of them cannot be encoded: the session then sends the others again without it.
   */
  push(batch: Batch): Promise<Pushed>;

  /** Sends the last frames while the page is being unloaded: synchronously, without an answer, best effort. */
  pushLast(batch: Batch): void;
}

/** Frames to the server. */
export interface Batch {
  /** The secret of the session; a transport with a bidirectional stream does not need it. */
  readonly sessionToken: string;
  /** The number of the attachment these frames belong to. */
  readonly epoch: number;
  readonly frames: readonly ClientFrameJson[];
}

/** The result of a push. */
export interface Pushed {
  /**
   * The last frame of this session the server has applied. Absent if the transport has no answers to a push: then only the `ack`
   * of server frames acknowledges.
   */
  readonly ack?: number;
  /** If not 0, a rate limit stopped the push after `ack`: send the rest after this many milliseconds. */
  readonly retryAfterMs?: number;
}

/** A frame cannot be encoded, so the call that made it fails. The connection is not affected. */
export class FrameEncodingError extends WigwagError {
  constructor(
    /** The number of the frame. */
    readonly seq: number,
    cause: unknown,
  ) {
    const known = cause instanceof WigwagError ? cause : undefined;
    super(known?.message ?? `the frame cannot be encoded: check the types of its values (${String(cause)})`, {
      code: "INVALID_ARGUMENT",
      reason: "INVALID_FIELD",
      metadata: known?.metadata ?? {},
      advice: "stop",
      cause,
    });
  }
}

/** Encodes each frame. Throws {@link FrameEncodingError} for the first one that cannot be encoded. */
export function encodeFrames<T>(frames: readonly ClientFrameJson[], encode: (frame: ClientFrameJson) => T): T[] {
  return frames.map((frame) => {
    try {
      return encode(frame);
    } catch (cause) {
      throw new FrameEncodingError(frame.seq ?? 0, cause);
    }
  });
}
