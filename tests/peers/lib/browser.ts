// Chromium, with pages from a different origin than the server.
import { type Browser, chromium, type Page } from "playwright-core";
import { serveScript, type Site } from "../../../clients/typescript/test/browser/site.js";
import { launchOptions } from "../../browser/launch-options.mjs";

/** A browser whose tabs run page.ts. */
export class Pages {
  private constructor(
    readonly browser: Browser,
    readonly site: Site,
  ) {}

  /** Launches the browser and serves the page. */
  static async start(): Promise<Pages> {
    const [browser, site] = await Promise.all([
      chromium.launch(launchOptions({ loopbackIce: true })),
      serveScript({ file: new URL("page.ts", import.meta.url) }),
    ]);
    return new Pages(browser, site);
  }

  /** Opens a tab with its own cookies and storage, and waits until its script runs. */
  async open(): Promise<Page> {
    const page = await (await this.browser.newContext()).newPage();
    await page.goto(this.site.url);
    await page.waitForFunction(() => "page" in globalThis);
    return page;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    this.site.stop();
  }
}
