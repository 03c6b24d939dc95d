// The hooks in a real page, in StrictMode: React mounts everything twice there, to find missing cleanup.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser, Page } from "playwright-core";
import { startServer, type WigwagServer } from "../server/wigwag-server.js";
import { launch } from "./mesh-tabs.js";
import type { ReactPage } from "./react-page.js";
import { serveScript, type Site } from "./site.js";

declare const page: ReactPage;

describe("the hooks", { timeout: 180_000 }, () => {
  const complaints: string[] = [];
  let server: WigwagServer;
  let browser: Browser;
  let site: Site;
  let tab: Page;

  before(async () => {
    [server, browser, site] = await Promise.all([startServer(), launch(), serveScript({ file: new URL("react-page.ts", import.meta.url) })]);
    tab = await (await browser.newContext()).newPage();
    tab.setDefaultTimeout(60_000);
    tab.on("pageerror", (error) => complaints.push(String(error)));
    tab.on("console", (message) => {
      if (message.type() === "error" && !message.location().url.endsWith("/favicon.ico")) complaints.push(message.text());
    });
    await tab.goto(site.url);
    await tab.waitForFunction(() => "page" in globalThis);
    await tab.evaluate((url) => page.start(url, ["room", "mesh"]), server.url);
  });
  after(async () => {
    await browser.close();
    site.stop();
    await server.stop();
  });

  const left = () => tab.waitForFunction(() => page.rooms().length === 0);

  it("useRoom joins once for all components, follows the room, and leaves once after the last", async () => {
    await tab.evaluate(() => page.showRoom("room"));
    for (const id of ["one", "two"]) {
      await tab.locator(`#${id}[data-state="joined"]`, { hasText: "reactor with watcher" }).waitFor();
    }
    await tab.evaluate(() => page.watcherLeaves("room"));
    for (const id of ["one", "two"]) await tab.locator(`#${id}`, { hasText: /^reactor with $/ }).waitFor();
    assert.deepEqual(await tab.evaluate(() => page.rooms()), ["room"]);
    await tab.evaluate(() => page.hide());
    await left();
    assert.deepEqual(await tab.evaluate(() => page.seen()), ["joined"]);
  });

  it("useMesh connects once, and can be mounted again", async () => {
    for (let time = 1; time <= 2; time += 1) {
      await tab.evaluate(() => page.showMesh("mesh"));
      await tab.locator('#peers[data-state="joined"]', { hasText: /^watcher connected$/ }).waitFor();
      await tab.evaluate(() => page.hide());
      await left();
    }
    await tab.waitForFunction(() => {
      const seen = ((globalThis as { seen?: string[] }).seen ??= []);
      seen.push(...page.seen());
      return seen.join() === "joined,left,joined,left";
    });
  });

  it("join once and stay when they are unmounted and mounted again before the first answer", async () => {
    await tab.evaluate(() => void page.seen());
    await tab.evaluate(() => page.remount("room", "again"));
    await tab.locator('#one[data-state="joined"]').waitFor();
    // A request that is answered after everything that the first join could have led to.
    await tab.evaluate(() => page.rename("again", "still here"));
    await tab.locator('#one[data-state="joined"]', { hasText: /^still here with $/ }).waitFor();
    await tab.evaluate(() => page.hide());
    await left();

    await tab.evaluate(() => page.remount("mesh", "mesh"));
    await tab.locator('#peers[data-state="joined"]', { hasText: /^watcher connected$/ }).waitFor();
    await tab.evaluate(() => page.rename("mesh", "still here"));
    await tab.locator('#peers[data-state="joined"]', { hasText: /^watcher connected$/ }).waitFor();
    assert.deepEqual(await tab.evaluate(() => page.seen()), ["joined"]);
    await tab.evaluate(() => page.hide());
    await left();
  });

  it("report that the room cannot be joined", async () => {
    await tab.evaluate(() => page.showRoom("x".repeat(200)));
    await tab.locator('#one[data-state="failed"]').waitFor();
    await tab.evaluate(() => page.hide());
  });

  it("report that the session ended", async () => {
    await tab.evaluate(() => page.showMesh("mesh"));
    await tab.locator('#peers[data-state="joined"]').waitFor();
    await tab.evaluate(() => page.end());
    await tab.locator('#peers[data-state="closed"]').waitFor({ state: "attached" });
    assert.deepEqual(complaints, []);
  });
});
