// What a page is told whose origin may not call the server.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import type { Browser, Page } from "playwright-core";
import { startServer, type WigwagServer } from "../server/wigwag-server.js";
import { launch } from "./mesh-tabs.js";
import { serveScript, type Site } from "./site.js";

declare const page: { connect(url: string, transport?: string): Promise<{ reason: string; message: string; origin: string } | undefined> };

const SCRIPT = `
  import { connect } from "@wigwag/client";
  globalThis.page = {
    async connect(url, transport) {
      try {
        await (await connect(url, transport ? { transport } : {})).close();
      } catch ({ reason, message, metadata }) {
        return { reason, message, origin: metadata.origin };
      }
    },
  };
`;

describe("a page that may not call", { timeout: 120_000 }, () => {
  let server: WigwagServer;
  let browser: Browser;
  let site: Site;
  let tab: Page;

  before(async () => {
    [server, browser, site] = await Promise.all([
      startServer({ env: { WIGWAG_CORS__ALLOWED_ORIGINS: "https://app.example.com" } }),
      launch(),
      serveScript({ script: SCRIPT }),
    ]);
    tab = await (await browser.newContext()).newPage();
    await tab.goto(site.url);
    await tab.waitForFunction(() => "page" in globalThis);
  });
  after(async () => {
    await browser.close();
    site.stop();
    await server.stop();
  });

  for (const transport of [undefined, "websocket", "grpc-web"]) {
    it(`is told what the server said, and what to do (${transport ?? "default transport"})`, async () => {
      const told = await tab.evaluate(([url, transport]) => page.connect(url, transport), [server.url, transport] as const);
      assert.equal(told?.reason, "FORBIDDEN");
      assert.equal(told.origin, new URL(site.url).origin);
      assert.match(told.message, /cors\.allowed_origins/);
      assert.ok(told.message.includes(told.origin));
    });
  }

  it("is told that the server answers, when it cannot read the answer", async () => {
    const other = createServer((_, response) => response.writeHead(404).end()).listen(0, "127.0.0.1");
    await once(other, "listening");
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const told = await tab.evaluate((url) => page.connect(url), url);
    assert.equal(told?.reason, "UNREACHABLE");
    assert.match(told.message, /answers/);
    assert.match(told.message, /cors\.allowed_origins/);
    other.close();
    other.closeAllConnections();
    const gone = await tab.evaluate((url) => page.connect(url), url);
    assert.equal(gone?.reason, "UNREACHABLE");
    assert.match(gone.message, /cannot be reached/);
  });
});
