// A call of four over restarts of the server, beside the same call with PeerJS's own client. RESTARTS=20 for the long test.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { freePort } from "../conformance/play.js";
import { startServer, type WigwagServer } from "../server/wigwag-server.js";
import { launch } from "./mesh-tabs.js";
import type { Gaps, OutlivePage } from "./outlive-page.js";
import { serveScript, type Site } from "./site.js";

declare const page: OutlivePage;

const RESTARTS = Number(process.env["RESTARTS"] || 3);
/** How much longer than with PeerJS a picture may stand still, and in how many restarts it may be longer. */
const MAX_MORE_MS = 300;
const MAX_WORSE = Math.max(1, Math.floor(RESTARTS / 20));
/** How long the server is away. */
const AWAY_MS = 1_500;

describe("a call of four", { timeout: 120_000 + RESTARTS * 60_000 }, () => {
  let server: WigwagServer;
  let browser: Browser;
  let site: Site;
  let tab: Page;
  let port = 0;

  before(async () => {
    port = await freePort();
    [server, browser, site] = await Promise.all([
      startServer({ port }),
      launch(),
      serveScript({ file: new URL("outlive-page.ts", import.meta.url) }),
    ]);
    tab = await (await browser.newContext()).newPage();
    tab.setDefaultTimeout(90_000);
    await tab.goto(site.url);
    await tab.waitForFunction(() => "page" in globalThis);
  });
  after(async () => {
    await browser.close();
    site.stop();
    await server.stop("SIGKILL");
  });

  async function complete(): Promise<void> {
    try {
      await tab.waitForFunction(() => page.missing().length === 0, undefined, { polling: 100 });
    } catch (cause) {
      throw new Error(`the call is not complete: ${(await tab.evaluate(() => page.missing())).join("; ")}`, { cause });
    }
  }

  it(`outlives ${RESTARTS} restarts of the server`, async (test) => {
    await tab.evaluate(([url, room]) => page.start(url, room), [server.url, "outlive"] as const);
    await complete();
    const { connections } = await tab.evaluate(() => page.made());
    const worse: Gaps[] = [];
    for (let time = 1; time <= RESTARTS; time += 1) {
      const signal = time % 2 === 1 ? "SIGKILL" : "SIGTERM";
      await tab.evaluate(() => page.mark());
      await server.stop(signal);
      await sleep(AWAY_MS);
      server = await startServer({ port });
      await complete();
      const gaps = await tab.evaluate(() => page.gaps());
      test.diagnostic(`restart ${time}, ${signal}: ${gaps.mesh} ms without a frame, with PeerJS ${gaps.peerJs} ms`);
      const changes = await tab.evaluate(() => page.changes());
      if (changes.some((change) => change.includes(": new "))) test.diagnostic(changes.join("; "));
      if (gaps.mesh > gaps.peerJs + MAX_MORE_MS) worse.push(gaps);
      const reached = await tab.evaluate((text) => page.say(text), `after ${time}`);
      assert.equal(reached, 12);
      await tab.waitForFunction((text) => page.heard(text) === 12, `after ${time}`);
    }
    const made = await tab.evaluate(() => page.made());
    assert.equal(made.connections, connections, "connections were made anew");
    assert.equal(made.adopted, RESTARTS * 12);
    assert.ok(worse.length <= MAX_WORSE, `worse in ${worse.length} of ${RESTARTS}: ${JSON.stringify(worse)}`);
  });
});
