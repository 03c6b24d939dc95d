/** Returns options for `chromium.launch`. The browser is the one in CHROMIUM, by default Debian's. */
export function launchOptions(options?: {
  /** Adds a fake camera and microphone, and grants their use. */
  camera?: boolean;
  /** Lets peer connections use loopback. */
  loopbackIce?: boolean;
  /** Hides addresses in host candidates with mDNS names, as browsers do by default. */
  mdns?: boolean;
}): { executablePath: string; headless: boolean; args: string[] };
