import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from "node:http2";
import type { Http2SessionManager } from "@connectrpc/connect-node";

/** Options of Node's `http2.connect`. */
export type Http2Options = NonNullable<ConstructorParameters<typeof Http2SessionManager>[2]>;

/**
 * One HTTP/2 connection for the calls of one transport connection, as Connect's transports take it.
 *
 * A session of Node emits `error` at any time until it is destroyed, also after its last request failed, for instance when an
 * HTTP/1 server answers. It always has a listener here, since an `error` event without one ends the process.
 */
export class Http2Connection {
  readonly authority: string;
  #session: ClientHttp2Session | undefined;
  #aborted = false;

  /** `query` is added to the path of each request; empty, or `?` and more. */
  constructor(
    url: string,
    private readonly query: string,
    private readonly options: Http2Options | undefined,
  ) {
    this.authority = new URL(url).origin;
  }

  /** Connects, and sends a request. Rejects with the error of the connection. */
  request(method: string, path: string, headers: OutgoingHttpHeaders): Promise<ClientHttp2Stream> {
    return new Promise((resolve, reject) => {
      if (this.#aborted) {
        reject(new Error("the connection is closed"));
        return;
      }
      const session = (this.#session = connect(this.authority, this.options));
      session.on("error", reject);
      session.once("close", () => reject(new Error("the connection closed before it was established")));
      session.once("connect", () => {
        try {
          resolve(session.request({ ...headers, ":method": method, ":path": `${path}${this.query}` }));
        } catch (error) {
          // The connection ended meanwhile.
          reject(error as Error);
        }
      });
    });
  }

  /** Does nothing: the session has heartbeats above HTTP/2. */
  notifyResponseByteRead(): void {}

  /** Closes the connection and its streams. */
  abort(): void {
    this.#aborted = true;
    this.#session?.destroy();
  }
}
