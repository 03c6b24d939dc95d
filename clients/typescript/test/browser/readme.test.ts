// The snippet of the project's README, as printed, in two tabs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import type { Browser } from "playwright-core";
import { startServer, type WigwagServer } from "../server/wigwag-server.js";
import { launch } from "./mesh-tabs.js";
import { serveScript, type Site } from "./site.js";

const README = readFileSync(new URL("../../../../README.md", import.meta.url), "utf8");
/** The address of the server in the snippet, which is replaced by that of the test server. */
const PRINTED = "http://localhost:8080";

describe("the README's browser snippet", { timeout: 120_000 }, () => {
  const snippet = /<!-- snippet: browser -->\n```js\n([^`]*(?:`[^`\n]+`[^`]*)*)```/.exec(README)?.[1] ?? "";
  let server: WigwagServer;
  let browser: Browser;
  let site: Site;

  before(async () => {
    server = await startServer();
    assert.ok(snippet.includes(PRINTED));
    [browser, site] = await Promise.all([launch(), serveScript({ script: snippet.replace(PRINTED, server.url) })]);
  });
  after(async () => {
    await browser?.close();
    site?.stop();
    await server.stop();
  });

  it("has at most 15 lines", () => {
    const lines = snippet.trim().split("\n");
    assert.ok(lines.length >= 5 && lines.length <= 15, `${lines.length} lines`);
  });

  it("opens a data channel between two tabs", async () => {
    const context = await browser.newContext();
    const tabs = await Promise.all([context.newPage(), context.newPage()]);
    const complaints: string[] = [];
    for (const tab of tabs) tab.on("pageerror", (error) => complaints.push(String(error)));
    await Promise.all(tabs.map((tab) => tab.goto(site.url)));
    for (const tab of tabs) {
      const said = /^(Peer \d+): hello from \1$/.source;
      await tab.waitForFunction((said) => new RegExp(said).test(document.body.innerText.trim()), said, { timeout: 60_000 });
    }
    assert.deepEqual(complaints, []);
  });
});
