// Chromium, and a web server for its pages.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { chromium } from "playwright-core";

import { launchOptions } from "../../browser/launch-options.mjs";

const require = createRequire(import.meta.url);

/** Launches Chromium with a fake camera, and peer connections over loopback. */
export const launchBrowser = () => chromium.launch(launchOptions({ camera: true, loopbackIce: true, mdns: false }));

/**
 * Serves an empty page at `/`, and files of installed packages at the given paths.
 *
 * @param {Record<string, [string, string]>} files path to `[package, file in it]`
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
