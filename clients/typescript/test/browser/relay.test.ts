// Two tabs whose packets go through coturn, with credentials that the server made.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";
import { launchOptions } from "../../../../tests/browser/launch-options.mjs";
import { startServer, type WigwagServer } from "../server/wigwag-server.js";
import { Coturn, coturnMissing } from "./coturn.js";
import type { RelayPage } from "./relay-page.js";
import { serveScript, type Site } from "./site.js";

declare const page: RelayPage;

/** The shortest that the server permits: new credentials come after 8 s. */
const TTL_MS = 10_000;
/** Limits every wait, in milliseconds. */
const PATIENCE_MS = 30_000;
const TIMEOUT_MS = 120_000;

describe("through a TURN server", { timeout: TIMEOUT_MS, skip: coturnMissing() }, () => {
  let folder: string;
  let secretFile: string;
  let coturn: Coturn;
  let server: WigwagServer;
  let browser: Browser;
  let site: Site;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "wigwag-relay-"));
    secretFile = join(folder, "secret");
    await writeFile(secretFile, "north\n");
    [coturn, browser, site] = await Promise.all([
      Coturn.start("north"),
      chromium.launch(launchOptions({ loopbackIce: true })),
      serveScript({ file: new URL("relay-page.ts", import.meta.url) }),
    ]);
    const set = [`ice.turn_urls=["${coturn.url}"]`, `ice.turn_secret_file=${secretFile}`, `ice.turn_ttl_ms=${TTL_MS}`];
    server = await startServer({ set });
  });
  after(async () => {
    await browser?.close();
    site?.stop();
    await server?.stop();
    await coturn?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function tab(): Promise<Page> {
    const opened = await (await browser.newContext()).newPage();
    opened.setDefaultTimeout(PATIENCE_MS);
    await opened.goto(site.url);
    await opened.waitForFunction(() => "page" in globalThis);
    await opened.evaluate((url) => page.join(url, "relay"), server.url);
    return opened;
  }

  /** Waits for twenty more numbers of the other tab. */
  async function hears(tab: Page): Promise<void> {
    const { count } = await tab.evaluate(() => page.received());
    await tab.waitForFunction((least) => page.received().count >= least, count + 20);
  }

  /** Waits until the connection has credentials that were made with this secret. */
  async function configured(tab: Page, secret: string): Promise<RTCIceServer> {
    for (const until = Date.now() + PATIENCE_MS; ; ) {
      const [server] = await tab.evaluate(() => page.configured());
      if (server?.credential === credential(secret, server?.username)) return server as RTCIceServer;
      assert.ok(Date.now() < until, `no credentials of the secret ${secret}: ${JSON.stringify(server)}`);
      await tab.waitForTimeout(100);
    }
  }

  it("two pages stay connected while its secret is replaced, and expired credentials are refused", async () => {
    const both = await Promise.all([tab(), tab()]);
    const [ada] = both;
    await Promise.all(both.map(hears));
    const before = await Promise.all(both.map((tab) => tab.evaluate(() => page.route())));
    for (const route of before) assert.match(route, /^relay relay 127\.0\.0\.1:/);
    const first = await configured(ada, "north");
    assert.deepEqual(await ada.evaluate((server) => page.gather([server]), first), ["relay"]);

    // During a rotation the TURN server knows both secrets.
    await coturn.add("south");
    await writeFile(secretFile, "south\n");
    await Promise.all(both.map((tab) => configured(tab, "south")));
    for (const tab of both) assert.ok((await tab.evaluate(() => page.renewals())) >= 1, "in a frame, with no resume");

    // The secret of these is still known: what is wrong with them is their time.
    await ada.waitForTimeout(Math.max(0, expiry(first) * 1_000 + 1_500 - Date.now()));
    const refused = await ada.evaluate((server) => page.gather([server]), first);
    assert.ok(refused.length > 0 && refused.every((code) => code === "401"), refused.join());
    const [fresh] = await ada.evaluate(() => page.given());
    assert.deepEqual(await ada.evaluate((server) => page.gather([server]), fresh as RTCIceServer), ["relay"]);

    // Relays of the new credentials carry on when the former secret is gone.
    await coturn.remove("north");
    await ada.evaluate(() => page.restartIce());
    const moved = async (tab: Page, old: string | undefined) => {
      for (const until = Date.now() + PATIENCE_MS; ; ) {
        const route = await tab.evaluate(() => page.route());
        if (route !== old && route !== "none") return route;
        assert.ok(Date.now() < until, `still ${route}`);
        await tab.waitForTimeout(100);
      }
    };
    const routes = await Promise.all(both.map((tab, at) => moved(tab, before[at])));
    for (const route of routes) assert.match(route, /^relay relay 127\.0\.0\.1:/);
    await Promise.all(both.map(hears));
    for (const tab of both) {
      const states = await tab.evaluate(() => page.states());
      assert.deepEqual(states.slice(0, 2), ["connecting", "connected"]);
      assert.ok(!states.some((state) => ["disconnected", "failed", "closed"].includes(state)), states.join());
      assert.ok((await tab.evaluate(() => page.received())).complete, "a number is missing");
    }
  });
});

/** Returns the password that coturn computes for a user name. */
function credential(secret: string, username = ""): string {
  return createHmac("sha1", secret).update(username).digest("base64");
}

/** Returns when credentials expire, in seconds since 1970: the user name begins with it. */
function expiry({ username = "" }: RTCIceServer): number {
  return Number.parseInt(username, 10);
}
