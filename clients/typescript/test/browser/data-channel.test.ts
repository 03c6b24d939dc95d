// Two tabs of a page of a different origin than the server.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { startServer, type WigwagServer } from "../server/wigwag-server.js";
import type { TestPage } from "./page.js";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const BYTES = 300_000;

declare const page: TestPage;

describe("two tabs", { timeout: 60_000 }, () => {
  let server: WigwagServer;
  let browser: Browser;
  let context: BrowserContext;
  let site: Server;

  before(async () => {
    const bundle = await build({
      entryPoints: [fileURLToPath(new URL("page.ts", import.meta.url))],
      bundle: true,
      write: false,
      format: "esm",
    });
    site = createServer((request, response) => {
      const script = request.url === "/page.js";
      response.setHeader("content-type", script ? "text/javascript" : "text/html");
      response.end(script ? bundle.outputFiles[0]?.text : '<!doctype html><script type="module" src="page.js"></script>');
    }).listen(0, "127.0.0.1");
    await once(site, "listening");
    [server, browser] = await Promise.all([
      startServer(),
      chromium.launch({
        executablePath: process.env["CHROMIUM"] || "/usr/bin/chromium",
        headless: true,
        args: FLAGS,
      }),
    ]);
    context = await browser.newContext();
  });
  after(async () => {
    await browser.close();
    site.closeAllConnections();
    site.close();
    await server.stop();
  });

  async function tab(): Promise<Page> {
    const opened = await context.newPage();
    await opened.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    await opened.waitForFunction(() => "page" in globalThis);
    return opened;
  }

  it("of another origin open a data channel, exchange bytes, and see each other leave", async () => {
    const [ada, bob] = await Promise.all([tab(), tab()]);
    const meet = (one: Page) => one.evaluate((url) => page.meet(url, "bytes"), server.url);
    const peers = await Promise.all([meet(ada), meet(bob)]);
    assert.equal(new Set(peers).size, 2);
    const exchange = async (from: Page, to: Page) => {
      const arrived = to.evaluate((bytes) => page.receive(bytes), BYTES);
      assert.equal(await from.evaluate((bytes) => page.send(bytes), BYTES), await arrived);
    };
    await exchange(ada, bob);
    await exchange(bob, ada);
    const left = ada.evaluate(() => page.left());
    const began = Date.now();
    await bob.close({ runBeforeUnload: true });
    assert.equal(await left, "LEFT");
    assert.ok(Date.now() - began < 8_000);
  });
});
