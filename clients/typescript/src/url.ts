/** Parses a URL; undefined if it is invalid. (`URL.canParse` is newer than some supported browsers.) */
export function parseUrl(url: string | URL, base?: string): URL | undefined {
  try {
    return new URL(url, base);
  } catch {
    return undefined;
  }
}

/** The parts of a server's URL: to reach a method, its path goes between them. */
export interface BaseUrl {
  /** Scheme, host and path, without a slash at the end. */
  readonly base: string;
  /** Empty, or `?` and the query, which a proxy may need. */
  readonly query: string;
}

/** Splits the URL of a server, whose fragment is dropped. `ws:` and `wss:` mean `http:` and `https:`. */
export function splitUrl(url: string): BaseUrl {
  const [plain = ""] = withHttp(url).split("#");
  const query = plain.indexOf("?");
  return query < 0
    ? { base: plain.replace(/\/+$/, ""), query: "" }
    : { base: plain.slice(0, query).replace(/\/+$/, ""), query: plain.slice(query) };
}

/** Returns the URL with `http:` for `ws:`, and `https:` for `wss:`. */
export function withHttp(url: string): string {
  return url.replace(/^ws(?=s?:)/, "http");
}
