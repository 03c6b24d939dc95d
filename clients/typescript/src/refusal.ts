import { WigwagError } from "./error.js";
import { splitUrl } from "./url.js";

/** How long to ask. */
const ASK_MS = 3_000;

/**
 * Finds out why a page could not connect: a browser does not tell a script what the response to a WebSocket handshake was, nor that
 * of a refused request. Asks the server once more in a way whose answer can be read. Returns a better error, or the given one.
 */
export async function explain(error: WigwagError, url: string, origin: string): Promise<WigwagError> {
  const { base, query } = splitUrl(url);
  const ask = (mode: RequestMode): Promise<Response | undefined> => {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), ASK_MS);
    // Without custom headers, so that there is no preflight.
    return fetch(`${base}/v1/signal${query}`, { mode, credentials: "omit", cache: "no-store", signal: stop.signal })
      .catch(() => undefined)
      .finally(() => clearTimeout(timer));
  };
  const response = await ask("cors");
  if (!response) return (await ask("no-cors")) ? unreadable(error, origin) : error;
  const said = await hintOf(response);
  if (response.status === 403) {
    return new WigwagError(`the server refuses this page, whose origin is ${origin}: ${said || "it does not say why"}`, {
      code: "PERMISSION_DENIED",
      reason: "FORBIDDEN",
      metadata: { origin },
      advice: "stop",
      cause: error,
    });
  }
  // What a Wigwag server says to a request without an upgrade.
  if (response.status === 426) return error;
  return new WigwagError(`the server cannot be reached: it answers with status ${response.status}${said && `, ${said}`}: check the URL`, {
    code: "UNAVAILABLE",
    reason: "UNREACHABLE",
    metadata: { status: String(response.status) },
    cause: error,
  });
}

function unreadable(cause: WigwagError, origin: string): WigwagError {
  const message =
    `the server answers, but does not let this page read the answer: add its origin ${origin} to cors.allowed_origins in the ` +
    "server's configuration (WIGWAG_CORS__ALLOWED_ORIGINS), and check the URL";
  return new WigwagError(message, { code: "UNAVAILABLE", reason: "UNREACHABLE", metadata: { origin }, cause });
}

/** Returns the hint of an error response for people; empty if it is of another server. */
async function hintOf(response: Response): Promise<string> {
  try {
    const { hint } = (await response.json()) as { hint?: unknown };
    return typeof hint === "string" ? hint.slice(0, 500) : "";
  } catch {
    return "";
  }
}
