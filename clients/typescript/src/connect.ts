import { chosenTransport, type TransportChoice } from "./doors.js";
import { WigwagError } from "./error.js";
import type { HelloJson } from "./gen/wigwag/v1/frame_pb.js";
import type { RoomSecret } from "./sealing.js";
import { Session } from "./session.js";
import { parseUrl } from "./url.js";
import { VERSION } from "./version.js";
import type { WebSocketConstructor } from "./websocket.js";

/** How to connect. All of it may be left out. */
export interface ConnectOptions {
  /** Name for people, the default for rooms joined later. At most 128 bytes. */
  displayName?: string;
  /** Who this peer is, as far as the server believes that without a token. At most 128 bytes. */
  userId?: string;
  /** Key-value pairs, the default for rooms joined later. At most 4 KiB in all. */
  metadata?: Record<string, string>;
  /**
   * Access token, or a function that gives a fresh one; it is asked before every connection. With a function the session
   * comes back by itself after its token expired; without one it ends then, unless {@link Session.refreshToken} was in time.
   */
  token?: string | (() => string | Promise<string>);
  /** Milliseconds the session may be without a connection. Default: what the server says, usually 30,000. */
  graceMs?: number;
  /** `sessionToken` of an earlier session of this page, which ends at once. For a page that was reloaded. */
  replaces?: string;
  /**
   * Seals everything this session sends and opens what comes, in all rooms and directly: the server then sees only who
   * sends how much to whom. A room can have another one, see {@link JoinOptions.secret}. Default: nothing is sealed.
   */
  secret?: RoomSecret;
  /** Gives up connecting. Has no effect on a session that is connected: see {@link Session.close}. */
  signal?: AbortSignal;
  /** Milliseconds to try. Default 10,000. */
  timeoutMs?: number;
  /**
   * The way to the server. Default: a WebSocket, or gRPC-Web where none can be opened; {@link Session.transport} says which
   * it is. `grpcTransport` of `@wigwag/client/node` is native gRPC.
   */
  transport?: TransportChoice;
  /** The WebSocket to use. Default: the runtime's own. For Node 20, which has none: `WebSocket` of the package `ws`. */
  webSocket?: WebSocketConstructor;
}

/**
 * Opens a session with a Wigwag server, for instance `https://signal.example.com`; in a browser `/` is the page's own
 * server. Tries once, so that a wrong address is told at once; a session that was welcomed comes back by itself.
 *
 * Rejects with a {@link WigwagError}: INVALID_FIELD (an option), UNREACHABLE, TIMEOUT (no welcome in time), or what the
 * server says, for instance TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED, FORBIDDEN, DRAINING, RATE_LIMITED.
 */
export async function connect(url: string | URL, options: ConnectOptions = {}): Promise<Session> {
  const { signal, token } = options;
  signal?.throwIfAborted();
  let replaces = options.replaces;
  const session: Session = new Session({
    url: absolute(url),
    transport: chosenTransport(options.transport, options.webSocket),
    renewableToken: typeof token === "function",
    secret: options.secret,
    hello: async (refreshed) => ({
      ...plainHello(options),
      ...tokenOf(typeof token === "function" ? await token() : (refreshed ?? token)),
      // Once welcomed, this session is the one to keep.
      ...(replaces !== undefined && session.state === "connecting" && { replaces }),
    }),
  });
  const abort = () => session.abort(unanswered("connecting was aborted"));
  const timeoutMs = options.timeoutMs ?? 10_000;
  const timer = setTimeout(() => session.abort(unanswered(`no welcome within ${timeoutMs} ms`)), timeoutMs);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await session.open();
    replaces = undefined;
    return session;
  } catch (error) {
    signal?.throwIfAborted();
    throw asFirst(error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

function plainHello({ displayName, userId, metadata, graceMs }: ConnectOptions): HelloJson {
  return {
    client: `@wigwag/client ${VERSION}`,
    ...(displayName !== undefined && { displayName }),
    ...(userId !== undefined && { userId }),
    ...(metadata !== undefined && { metadata }),
    ...(graceMs !== undefined && { graceMs }),
  };
}

function tokenOf(token: string | undefined): { token?: string } {
  return token === undefined ? {} : { token };
}

function absolute(url: string | URL): string {
  const base = (globalThis as { location?: { href: string } }).location?.href;
  const parsed = parseUrl(url, base);
  if (parsed?.protocol === "http:" || parsed?.protocol === "https:") return parsed.href;
  throw new WigwagError("the URL of a server starts with http:// or https://", {
    code: "INVALID_ARGUMENT",
    reason: "INVALID_FIELD",
    metadata: { field: "url" },
  });
}

/** A connection that never was cannot have been lost. */
function asFirst(error: unknown): unknown {
  if (!(error instanceof WigwagError) || error.reason !== "CONNECTION_LOST") return error;
  return new WigwagError("the server cannot be reached", { code: "UNAVAILABLE", reason: "UNREACHABLE", cause: error });
}

function unanswered(message: string): WigwagError {
  return new WigwagError(message, { code: "DEADLINE_EXCEEDED", reason: "TIMEOUT" });
}
