import { WigwagError } from "./error.js";
import type { HelloJson } from "./gen/wigwag/v1/frame_pb.js";
import { grpcWebTransport } from "./grpc-web.js";
import { Session } from "./session.js";
import type { TransportFactory } from "./transport.js";
import { VERSION } from "./version.js";

/** How to connect. All of it may be left out. */
export interface ConnectOptions {
  /** Name for people, the default for rooms joined later. At most 128 bytes. */
  displayName?: string;
  /** Who this peer is, as far as the server believes that without a token. At most 128 bytes. */
  userId?: string;
  /** Key-value pairs, the default for rooms joined later. At most 4 KiB in all. */
  metadata?: Record<string, string>;
  /** Access token, or a function that gives a fresh one; it is asked before every connection. */
  token?: string | (() => string | Promise<string>);
  /** Milliseconds the session may be without a connection. Default: what the server says, usually 30,000. */
  graceMs?: number;
  /** `sessionToken` of an earlier session of this page, which ends at once. For a page that was reloaded. */
  replaces?: string;
  /** Gives up connecting. Has no effect on a session that is connected: see {@link Session.close}. */
  signal?: AbortSignal;
  /** Milliseconds to try. Default 10,000. */
  timeoutMs?: number;
  /** The way to the server. Default: gRPC-Web with the browser's `fetch`. */
  transport?: TransportFactory;
}

/**
 * Opens a session with a Wigwag server, for instance `https://signal.example.com`; in a browser `/` is the page's own
 * server. Tries for a while when the server cannot be reached; what trying again cannot heal rejects at once.
 */
export async function connect(url: string | URL, options: ConnectOptions = {}): Promise<Session> {
  const { signal, token } = options;
  signal?.throwIfAborted();
  let replaces = options.replaces;
  const session: Session = new Session({
    url: absolute(url),
    transport: options.transport ?? ((to) => grpcWebTransport(to)),
    renewableToken: typeof token === "function",
    hello: async () => ({
      ...plainHello(options),
      ...(token !== undefined && { token: typeof token === "function" ? await token() : token }),
      // Once welcomed, this session is the one to keep.
      ...(replaces !== undefined && session.state === "connecting" && { replaces }),
    }),
  });
  const abort = () => session.abort(lost("connecting was aborted"));
  const timeoutMs = options.timeoutMs ?? 10_000;
  const timer = setTimeout(() => session.abort(lost(`no welcome within ${timeoutMs} ms`)), timeoutMs);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await session.open();
    replaces = undefined;
    return session;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
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

function absolute(url: string | URL): string {
  const base = (globalThis as { location?: { href: string } }).location?.href;
  if (URL.canParse(url, base)) {
    const { protocol, href } = new URL(url, base);
    if (protocol === "http:" || protocol === "https:") return href;
  }
  throw new WigwagError("the URL of a server starts with http:// or https://", {
    code: "INVALID_ARGUMENT",
    reason: "INVALID_FIELD",
    metadata: { field: "url" },
  });
}

function lost(message: string): WigwagError {
  return new WigwagError(message, { code: "DEADLINE_EXCEEDED", reason: "CONNECTION_LOST" });
}
