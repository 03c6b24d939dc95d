// A call that goes on while the server restarts: its members are back under new ids.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser } from "playwright-core";
import { freePort } from "../../../../clients/typescript/test/conformance/play.js";
import { startServer, type WigwagServer } from "../../../../clients/typescript/test/server/wigwag-server.js";
import { launch, Tab } from "./tabs.js";

describe("a restart of the server", { timeout: 120_000 }, () => {
  let server: WigwagServer;
  let browser: Browser;
  let port = 0;

  before(async () => {
    port = await freePort();
    [server, browser] = await Promise.all([startServer({ port }), launch()]);
  });
  after(async () => {
    await browser.close();
    await server.stop("SIGKILL");
  });

  it("keeps the tiles and pictures of the others, each with a different flag", async () => {
    const context = await browser.newContext();
    const tabs = await Promise.all(Array.from({ length: 3 }, () => Tab.open(context, `${server.url}/#restart`)));
    await Promise.all(tabs.map((tab) => tab.connectedTo(2)));
    await Promise.all(tabs.map((tab) => tab.page.click("#camera")));
    await Promise.all(tabs.map((tab) => tab.showsVideosOf(2)));
    const before = await Promise.all(tabs.map(ownId));
    for (const tab of tabs) await tab.page.evaluate(() => Object.assign(window, { tiles: [...document.querySelectorAll("[data-peer]")] }));

    await server.stop("SIGKILL");
    await Promise.all(tabs.map((tab) => tab.state("reconnecting")));
    server = await startServer({ port });
    await Promise.all(tabs.map((tab) => tab.showsEvent("The server was restarted")));
    await Promise.all(tabs.map((tab) => tab.state("connected")));
    const ids = await Promise.all(tabs.map(ownId));
    assert.equal(new Set([...before, ...ids]).size, 6, "every tab has a new id");

    for (const [at, tab] of tabs.entries()) {
      const others = ids.filter((_, index) => index !== at).sort();
      await tab.page.waitForFunction(
        (wanted) => [...document.querySelectorAll<HTMLElement>("[data-peer]")].map((tile) => tile.dataset["peer"]).sort().join() === wanted,
        others.join(),
      );
      await tab.connectedTo(2);
      await tab.showsVideosOf(2);
      const kept = await tab.page.evaluate(() => {
        const tiles = [...document.querySelectorAll("[data-peer]")];
        return tiles.every((tile) => (window as unknown as { tiles: Element[] }).tiles.includes(tile));
      });
      assert.ok(kept, "tiles were made anew");
      const flags = await tab.page.locator(".tile:not(.invite) .portrait").evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset["flag"]));
      assert.equal(new Set(flags).size, 3, `the flags are ${flags.join(", ")}`);
    }
    await tabs[0]?.say("still here");
    await Promise.all(tabs.slice(1).map((tab) => tab.receives("still here")));
  });
});

const ownId = (tab: Tab): Promise<string | null> => tab.page.locator("body").getAttribute("data-peer-id");
