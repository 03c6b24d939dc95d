// A full mesh in real browsers. RUNS repeats the mesh test, GLARES the collision test.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { Browser } from "playwright-core";
import { startServer, type WigwagServer } from "../server/wigwag-server.js";
import type { MeshPage } from "./mesh-page.js";
import { launch, MeshTab } from "./mesh-tabs.js";
import { serveScript, type Site } from "./site.js";

declare const page: MeshPage;

const RUNS = Number(process.env["RUNS"] || 1);
const GLARES = Number(process.env["GLARES"] || 10);
const OFFLINE_MS = 5_000;
const TIMEOUT_MS = 120_000 + RUNS * 120_000 + GLARES * 20_000;

describe("a mesh", { timeout: TIMEOUT_MS }, () => {
  let server: WigwagServer;
  let browser: Browser;
  let site: Site;
  let tabs: MeshTab[] = [];

  before(async () => {
    [server, browser, site] = await Promise.all([startServer(), launch(), serveScript({ file: new URL("mesh-page.ts", import.meta.url) })]);
  });
  afterEach(async () => {
    await Promise.all(tabs.map((tab) => tab.close()));
    tabs = [];
  });
  after(async () => {
    await browser.close();
    site.stop();
    await server.stop();
  });

  async function open(...names: string[]): Promise<MeshTab[]> {
    tabs = await Promise.all(names.map((name) => MeshTab.open(name, browser, site, server)));
    return tabs;
  }

  async function pair(): Promise<[MeshTab, MeshTab]> {
    return (await open("ada", "bob")) as [MeshTab, MeshTab];
  }

  /** Waits until both are in the room and see each other. */
  async function meet(both: [MeshTab, MeshTab], room: string): Promise<void> {
    for (const tab of both) {
      await tab.page.evaluate((url) => page.connect(url), tab.url);
      await tab.page.evaluate((room) => page.joinOnly(room), room);
    }
    for (const tab of both) await tab.until(() => page.others() === 1, undefined);
  }

  /** Checks that each tab receives what every other one sends. */
  async function talk(among: MeshTab[], about: string): Promise<void> {
    const line = (tab: MeshTab) => `${about} of ${tab.name}`;
    for (const tab of among) {
      assert.equal(await tab.page.evaluate((text) => page.say(text), line(tab)), among.length - 1);
    }
    for (const tab of among) {
      for (const other of among) {
        if (other !== tab) await tab.until((text) => page.received(text), line(other));
      }
    }
  }

  for (let run = 1; run <= RUNS; run += 1) {
    it(`of five converges when one reloads, one leaves and one is offline for 5 s (run ${run} of ${RUNS})`, async () => {
      const five = await open("ada", "bob", "cleo", "dan", "eve");
      const [ada, bob, cleo, dan, eve] = five as [MeshTab, MeshTab, MeshTab, MeshTab, MeshTab];
      const room = `mesh ${run}`;
      await Promise.all(five.map((tab) => tab.join(room)));
      await Promise.all(five.map((tab) => tab.connectedTo(five)));
      await talk(five, "news");

      const identity = (tab: MeshTab) => tab.page.evaluate(() => page.session().peerId);
      const [bobBefore, danBefore] = [await identity(bob), await identity(dan)];
      await dan.offline(true);
      await Promise.all([
        bob.reload().then(() => bob.join(room)),
        cleo.page.evaluate(() => page.leave()),
        dan.page.waitForTimeout(OFFLINE_MS),
      ]);
      await dan.offline(false);
      const four = [ada, bob, dan, eve];
      await Promise.all(four.map((tab) => tab.connectedTo(four)));
      await talk(four, "more news");
      assert.notEqual(await identity(bob), bobBefore);
      assert.equal(await identity(dan), danBefore);
      for (const tab of four) assert.deepEqual(await tab.page.evaluate(() => page.problems()), []);
    });
  }

  it(`connects when both offer at once, ${GLARES} times`, async () => {
    const both = await pair();
    await meet(both, "glare");
    for (let glare = 0; glare < GLARES; glare += 1) {
      await Promise.all(both.map((tab) => tab.page.evaluate(() => page.call(true))));
      await Promise.all(both.map((tab) => tab.until(() => page.offered(), undefined)));
      await Promise.all(both.map((tab) => tab.page.evaluate(() => page.release())));
      await Promise.all(both.map((tab) => tab.until(() => page.talks(), undefined)));
      await Promise.all(both.map((tab) => tab.page.evaluate(() => page.hangUp())));
    }
    for (const tab of both) assert.deepEqual(await tab.page.evaluate(() => page.problems()), []);
  });

  it("opens a channel if the joining peer is offline for 5 s between joining and offering", async () => {
    const [ada, bob] = await pair();
    await meet([ada, bob], "set-up");
    await bob.offline(true);
    await bob.until(() => page.session().state === "reconnecting", undefined);
    await bob.page.evaluate(() => page.call(false));
    await bob.until(() => page.offered(), undefined);
    await ada.page.evaluate(() => page.call(false));
    await bob.page.waitForTimeout(OFFLINE_MS);
    await bob.offline(false);
    await Promise.all([ada, bob].map((tab) => tab.until(() => page.talks(), undefined)));
    assert.equal(await bob.page.evaluate(() => page.session().resumed), 1);
    assert.equal(await ada.page.evaluate(() => page.session().resumed), 0);
  });

  it("opens a channel if the waiting peer is offline for 5 s while another joins and offers", async () => {
    const [ada, bob] = await pair();
    await ada.join("absent", { media: false });
    await ada.offline(true);
    await ada.until(() => page.session().state === "reconnecting", undefined);
    await bob.join("absent", { media: false });
    await bob.page.waitForTimeout(OFFLINE_MS);
    await ada.offline(false);
    await Promise.all([ada, bob].map((tab) => tab.connectedTo([ada, bob], { media: false })));
    await talk([ada, bob], "news");
    assert.equal(await ada.page.evaluate(() => page.session().resumed), 1);
  });
});
