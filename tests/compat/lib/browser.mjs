// Chromium, and a web server for the pages it opens.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);

/** Starts Chromium with a fake camera, and peer connections that find each other over loopback. */
export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      "--allow-loopback-in-peer-connection",
      "--disable-features=WebRtcHideLocalIpsWithMdns",
    ],
  });
}

/**
 * Serves an empty page at `/`, and files of installed packages at the paths given.
 *
 * @param {Record<string, [string, string]>} files path to `[package, file inside it]`
 */
export async function servePages(files) {
  const server = createServer(async (request, response) => {
    const file = files[request.url];
    if (file === undefined) {
      response.setHeader("content-type", "text/html");
      response.end("<!doctype html><title>test</title>");
      return;
    }
    const [name, inside] = file;
    response.setHeader("content-type", "text/javascript");
    response.end(await readFile(join(dirname(require.resolve(`${name}/package.json`)), inside)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}
