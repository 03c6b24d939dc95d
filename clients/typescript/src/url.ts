/** The URL, or undefined when it is none. (`URL.canParse` is younger than some of the browsers this runs in.) */
export function parseUrl(url: string | URL, base?: string): URL | undefined {
  try {
    return new URL(url, base);
  } catch {
    return undefined;
  }
}
