import { unlessAborted } from "./abort.js";
import { chosenTransport, type TransportChoice } from "./transport-choice.js";
import { WigwagError } from "./error.js";
import { SUPPORTED } from "./features.js";
import type { HelloJson } from "./gen/wigwag/v1/frame_pb.js";
import type { RoomSecret } from "./seal/secret.js";
import { Session } from "./session.js";
import { parseUrl, withHttp } from "./url.js";
import { VERSION } from "./version.js";
import { requireWellFormed } from "./well-formed.js";
import type { WebSocketConstructor } from "./websocket.js";

/** Options for connecting. All are optional. */
export interface ConnectOptions {
  /** The name shown to people, and the default for rooms joined later. At most 128 bytes. */
  displayName?: string;
  /** The user of this peer. Only servers without authentication use it. At most 128 bytes. */
  userId?: string;
  /** Key-value pairs, the default for rooms joined later. At most 4 KiB in total. */
  metadata?: Record<string, string>;
  /**
   * The access token, or a function that returns a fresh one and is called before every connection. With a function the
   * session refreshes its token before it expires, and reconnects after it has; without one it ends, unless
   * {@link Session.refreshToken} came in time.
   */
  token?: string | (() => string | Promise<string>);
  /** How long the session survives without a connection, in milliseconds. Default: the server's, usually 30,000. */
  graceMs?: number;
  /** The `sessionToken` of an earlier session of this page, which then ends at once. For a page that was reloaded. */
  replaces?: string;
  /**
   * Encrypts everything this session sends and decrypts everything it receives, in rooms and directly: the server then sees
   * only who sends how much to whom. A room can have another secret, see {@link JoinOptions.secret}. Default: none.
   */
  secret?: RoomSecret;
  /** Aborts connecting. Has no effect on a connected session: see {@link Session.close}. */
  signal?: AbortSignal;
  /** How long to try, in milliseconds. Default: 10,000. */
  timeoutMs?: number;
  /**
   * The transport. Default: WebSocket, or gRPC-Web if no WebSocket can be opened; {@link Session.transport} is the one in
   * use. `grpcTransport` of `@wigwag/client/node` is native gRPC.
   */
  transport?: TransportChoice;
  /** The WebSocket class. Default: the runtime's. Node 20 has none: pass `WebSocket` of the package `ws`. */
  webSocket?: WebSocketConstructor;
}

/**
 * Opens a session with a Wigwag server, for instance `https://signal.example.com`; in a browser `/` is the server of the
 * page. `wss:` means the same as `https:`, and `ws:` as `http:`; a path and a query are kept for proxies. Makes one attempt, so that a wrong address fails at once; an open session reconnects whenever its connection is lost.
 *
 * Rejects with a {@link WigwagError}: INVALID_FIELD (an option), UNREACHABLE, TIMEOUT (no welcome in time), FORBIDDEN (in a page
 * whose origin the server does not allow; `metadata.origin`), or another reason of the server, for instance TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED, FORBIDDEN, DRAINING, RATE_LIMITED.
 */
export async function connect(url: string | URL, options: ConnectOptions = {}): Promise<Session> {
  const { signal, token } = options;
  signal?.throwIfAborted();
  const given = plainHello(options);
  requireWellFormed({ ...given, replaces: options.replaces, ...(typeof token === "string" && { token }) });
  let replaces = options.replaces;
  const session: Session = new Session({
    url: absolute(url),
    transport: chosenTransport(options.transport, options.webSocket),
    renewableToken: typeof token === "function",
    secret: options.secret,
    hello: async (refreshed) => ({
      ...given,
      ...tokenOf(typeof token === "function" ? await token() : (refreshed ?? token)),
      // Only until the first welcome: later this session itself is resumed.
      ...(replaces !== undefined && session.state === "connecting" && { replaces }),
    }),
  });
  if (typeof token === "function") session.on("token-expiring", () => void refresh(session, token));
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
    const first = asFirst(error);
    throw await explained(first, absolute(url), signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** Refreshes the token. A failure is left to the reconnect after the expiry, which asks for a token again. */
async function refresh(session: Session, token: () => string | Promise<string>): Promise<void> {
  try {
    await session.refreshToken(await token());
  } catch {
    // As said above.
  }
}

function plainHello({ displayName, userId, metadata, graceMs }: ConnectOptions): HelloJson {
  return {
    client: `@wigwag/client ${VERSION}`,
    features: [...SUPPORTED],
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
  const href = withHttp(parsed?.href ?? "");
  if (/^https?:/.test(href)) return href;
  throw new WigwagError("the URL is not valid: it must start with http://, https://, ws:// or wss://", {
    code: "INVALID_ARGUMENT",
    reason: "INVALID_FIELD",
    metadata: { field: "url" },
  });
}

/** For a session that was never open, CONNECTION_LOST means UNREACHABLE. */
function asFirst(error: unknown): unknown {
  if (!(error instanceof WigwagError) || error.reason !== "CONNECTION_LOST") return error;
  return new WigwagError("the server cannot be reached: check the URL and the network", {
    code: "UNAVAILABLE",
    reason: "UNREACHABLE",
    cause: error,
  });
}

/** In a page, adds why the server refused, as far as the browser lets it be known. */
async function explained(error: unknown, url: string, signal: AbortSignal | undefined): Promise<unknown> {
  const origin = (globalThis as { location?: { origin: string } }).location?.origin;
  const isUnclear = error instanceof WigwagError && ["UNREACHABLE", "PERMISSION_DENIED"].includes(error.reason);
  if (!isUnclear || origin === undefined || typeof fetch !== "function") return error;
  try {
    // Rarely needed, so it is loaded then.
    const { explain } = await import("./refusal.js");
    const asking = explain(error, url, origin);
    return await (signal ? unlessAborted(asking, signal) : asking);
  } catch {
    return signal?.aborted ? signal.reason : error;
  }
}

function unanswered(message: string): WigwagError {
  return new WigwagError(message, { code: "DEADLINE_EXCEEDED", reason: "TIMEOUT" });
}
