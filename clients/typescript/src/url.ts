/** Parses a URL; undefined if it is invalid. (`URL.canParse` is newer than some supported browsers.) */
export function parseUrl(url: string | URL, base?: string): URL | undefined {
  try {
    return new URL(url, base);
  } catch {
    return undefined;
  }
}
