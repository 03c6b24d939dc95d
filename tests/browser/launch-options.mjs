// How all browser tests launch Chromium. Without imports, so that each test package uses its own playwright-core.

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
// The machine may have no other network.
const LOOPBACK_ICE = "--allow-loopback-in-peer-connection";
// Host candidates hold addresses in place of `….local` names.
const WITHOUT_MDNS = "--disable-features=WebRtcHideLocalIpsWithMdns";

/** Returns options for `chromium.launch`. The browser is the one in CHROMIUM, by default Debian's. */
export function launchOptions({ camera = false, loopbackIce = false, mdns = true } = {}) {
  return {
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    headless: true,
    args: [...FLAGS, ...(camera ? FAKE_CAMERA : []), ...(loopbackIce ? [LOOPBACK_ICE] : []), ...(mdns ? [] : [WITHOUT_MDNS])],
  };
}
