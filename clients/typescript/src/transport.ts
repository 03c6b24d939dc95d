import type { ClientFrameJson, HelloJson, ServerFrameJson } from "./gen/wigwag/v1/frame_pb.js";

/**
 * A way to the server. Frames are in protobuf JSON form, so that a transport that speaks JSON needs no protobuf
 * runtime. A transport carries frames and knows nothing of sessions: numbering, acknowledging, resending and coming
 * back are done above it.
 */
export interface Transport {
  /**
   * Opens one connection with this hello. Never throws: what goes wrong comes out of {@link Connection.frames}.
   * Aborting the signal ends the connection and everything under way on it.
   */
  open(hello: HelloJson, signal: AbortSignal): Connection;
}

/** Makes the transport for a server's URL. */
export type TransportFactory = (url: string) => Transport;

/** One network attachment of a session. */
export interface Connection {
  /** What carries it, for instance `"websocket"`: {@link Session.transport} tells the application. */
  readonly transport: string;

  /**
   * The server's frames in order, `welcome` first. Ends when the connection ends; throws a `WigwagError` when it ends
   * with a status, or cannot be opened.
   */
  readonly frames: AsyncIterable<ServerFrameJson>;

  /** Sends frames up, in order. One call at a time. Rejects with a `WigwagError`. */
  push(batch: Batch): Promise<Pushed>;

  /** Sends frames while the page is going away: synchronously, without an answer, best effort. */
  farewell(batch: Batch): void;
}

/** Frames on their way up. */
export interface Batch {
  /** Secret of the session; a transport with a stream up has no use for it. */
  readonly sessionToken: string;
  /** The attachment these frames belong to. */
  readonly epoch: number;
  readonly frames: readonly ClientFrameJson[];
}

/** What became of a push. */
export interface Pushed {
  /**
   * How far the server has come with this session's frames. Absent when the transport has no answers: then only the
   * `ack` of server frames tells.
   */
  readonly ack?: number;
  /** When not 0: a rate limit stopped the push after `ack`; send the rest after this many milliseconds. */
  readonly retryAfterMs?: number;
}
