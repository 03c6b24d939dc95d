// Chromium, and pages in it that come from another origin than the server.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // ICE over loopback: there may be no other network where the tests run.
  "--allow-loopback-in-peer-connection",
];

/** A browser whose tabs run page.ts. */
export class Pages {
  private constructor(
    readonly browser: Browser,
    readonly site: Server,
  ) {}

  /** Starts the browser CHROMIUM names, by default Debian's. */
  static async start(): Promise<Pages> {
    const bundle = await build({
      entryPoints: [fileURLToPath(new URL("page.ts", import.meta.url))],
      bundle: true,
      write: false,
      format: "esm",
      target: "es2022",
      logLevel: "warning",
    });
    const script = bundle.outputFiles[0]?.text ?? "";
    const site = createServer((request, response) => {
      const isScript = request.url === "/page.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8");
      response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
    }).listen(0, "127.0.0.1");
    await once(site, "listening");
    const browser = await chromium.launch({
      executablePath: process.env["CHROMIUM"] || "/usr/bin/chromium",
      headless: true,
      args: FLAGS,
    });
    return new Pages(browser, site);
  }

  /** Opens a tab with its own cookies and storage, and waits until its script runs. */
  async open(): Promise<Page> {
    const page = await (await this.browser.newContext()).newPage();
    await page.goto(`http://127.0.0.1:${(this.site.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => "page" in globalThis);
    return page;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    this.site.closeAllConnections();
    this.site.close();
  }
}
