// Two tabs of a page of a different origin than the server.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { launchOptions } from "../../../../tests/browser/launch-options.mjs";
import { startServer, type WigwagServer } from "../server/wigwag-server.js";
import type { TestPage } from "./page.js";
import { serveScript, type Site } from "./site.js";

const BYTES = 300_000;

declare const page: TestPage;

describe("two tabs", { timeout: 60_000 }, () => {
  let server: WigwagServer;
  let browser: Browser;
  let context: BrowserContext;
  let site: Site;

  before(async () => {
    [server, browser, site] = await Promise.all([
      startServer(),
      chromium.launch(launchOptions()),
      serveScript({ file: new URL("page.ts", import.meta.url) }),
    ]);
    context = await browser.newContext();
  });
  after(async () => {
    await browser.close();
    site.stop();
    await server.stop();
  });

  async function tab(): Promise<Page> {
    const opened = await context.newPage();
    await opened.goto(site.url);
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
