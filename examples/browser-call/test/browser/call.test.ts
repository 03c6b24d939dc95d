import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, describe, it } from "node:test";
import type { Browser, BrowserContext } from "playwright-core";
import { startServer, type WigwagServer } from "../../../../clients/typescript/test/server/wigwag-server.js";
import { launch, Tab } from "./tabs.js";

/** A bye takes one request; a session that is just lost would be kept for 30 s. */
const QUICK_MS = 8_000;

let server: WigwagServer;
let browser: Browser;
let context: BrowserContext;
let rooms = 0;

before(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
});
afterEach(() => context?.close());
after(async () => {
  await browser.close();
  await server.stop();
});

/** So many tabs of one browser, in a room of their own. */
async function tabs(count: number): Promise<Tab[]> {
  context = await browser.newContext();
  rooms += 1;
  const url = `${server.url}/#room ${rooms}`;
  return Promise.all(Array.from({ length: count }, () => Tab.open(context, url)));
}

async function pair(): Promise<[Tab, Tab]> {
  const [first, second] = await tabs(2);
  return [first as Tab, second as Tab];
}

describe("the page", { timeout: 120_000 }, () => {
  it("is the one in this directory: else build the server again", async () => {
    for (const file of ["index.html", "app.js", "style.css"]) {
      const served = await fetch(`${server.url}/${file === "index.html" ? "" : file}`);
      const committed = readFileSync(new URL(`../../dist/${file}`, import.meta.url), "utf8");
      assert.ok((await served.text()) === committed, `the server has another ${file}`);
      assert.match(served.headers.get("content-security-policy") ?? "", /default-src 'self'/);
    }
  });

  it("makes a room of its own, and its link leads there", async () => {
    context = await browser.newContext();
    const first = await Tab.open(context, server.url);
    assert.match(first.url, /#[a-z]+-[a-z]+-[0-9a-f]{12}$/);
    const second = await Tab.open(context, first.url);
    await Promise.all([first.talksTo(1), second.talksTo(1)]);
  });

  it("opens a data channel between two tabs, and both can talk", async () => {
    const [ada, bob] = await pair();
    await Promise.all([ada.talksTo(1), bob.talksTo(1)]);
    await ada.say("ahoy ⚑");
    await bob.hears("ahoy ⚑");
    await bob.say("<b>ahoy</b> yourself");
    await ada.hears("<b>ahoy</b> yourself");
    ada.noComplaints();
    bob.noComplaints();
  });

  it("shows both cameras, turned on at the same moment, and their end", async () => {
    const [ada, bob] = await pair();
    await Promise.all([ada.talksTo(1), bob.talksTo(1)]);
    await Promise.all([ada.page.click("#camera"), bob.page.click("#camera")]);
    await Promise.all([ada.sees(1), bob.sees(1)]);
    await ada.page.click("#camera");
    await bob.page.locator('[data-peer][data-video="off"]').waitFor();
    await ada.sees(1);
    await ada.page.click("#camera");
    await bob.sees(1);
    ada.noComplaints();
    bob.noComplaints();
  });

  it("shows who is muted, and lets one speak without a camera", async () => {
    const [ada, bob] = await pair();
    await Promise.all([ada.talksTo(1), bob.talksTo(1)]);
    await bob.page.locator('[data-peer][data-microphone="off"]').waitFor();
    await ada.page.click("#microphone");
    await bob.page.locator('[data-peer][data-microphone="on"][data-video="off"]').waitFor();
    await bob.page.waitForFunction(() => {
      const stream = document.querySelector<HTMLVideoElement>("[data-peer] video")?.srcObject as MediaStream | null;
      return stream?.getAudioTracks().some((track) => !track.muted) ?? false;
    });
    await ada.page.click("#microphone");
    await bob.page.locator('[data-peer][data-microphone="off"]').waitFor();
    ada.noComplaints();
    bob.noComplaints();
  });

  it("shows a screen in the place of the camera, which comes back after it", async () => {
    const [ada, bob] = await pair();
    await Promise.all([ada.talksTo(1), bob.talksTo(1)]);
    await ada.page.click("#camera");
    await ada.page.click("#microphone");
    await bob.page.locator('[data-peer][data-microphone="on"]').waitFor();
    await bob.sees(1);
    await ada.page.click("#screen");
    await bob.page.locator('[data-peer][data-picture="screen"][data-video="on"]').waitFor();
    await ada.page.click("#screen");
    await bob.page.locator('[data-peer][data-picture="camera"][data-video="on"]').waitFor();
    await bob.sees(1);
    ada.noComplaints();
    bob.noComplaints();
  });

  it("keeps the chat behind a button on a phone, and counts what was not read", async () => {
    const [ada] = await tabs(1);
    const phone = await browser.newContext({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    try {
      const bob = await Tab.open(phone, (ada as Tab).url);
      await Promise.all([(ada as Tab).talksTo(1), bob.talksTo(1)]);
      await (ada as Tab).say("are you there");
      await bob.page.locator("#unread", { hasText: "1" }).waitFor();
      await bob.page.tap("#chat-toggle");
      await bob.hears("are you there");
      await bob.say("on the train");
      await (ada as Tab).hears("on the train");
      assert.equal(await bob.page.locator("#unread").isVisible(), false);
      // Nothing sticks out: the page is as wide as the screen.
      assert.equal(await bob.page.evaluate(() => document.documentElement.scrollWidth), 390);
    } finally {
      await phone.close();
    }
  });

  it("brings four tabs of one browser together, each with each", async () => {
    const four = await tabs(4);
    await Promise.all(four.map((tab) => tab.talksTo(3)));
    await Promise.all(four.map((tab, n) => tab.say(`number ${n}`)));
    for (const [n, tab] of four.entries()) {
      for (let other = 0; other < 4; other += 1) if (other !== n) await tab.hears(`number ${other}`);
    }
    await Promise.all(four.map((tab) => tab.page.click("#camera")));
    await Promise.all(four.map((tab) => tab.sees(3)));
  });

  it("tells at once when the other tab is closed", async () => {
    const [ada, bob] = await pair();
    await Promise.all([ada.talksTo(1), bob.talksTo(1)]);
    const began = Date.now();
    await bob.page.close({ runBeforeUnload: true });
    await ada.talksTo(0);
    assert.ok(Date.now() - began < QUICK_MS, `took ${Date.now() - began} ms`);
    await ada.tells("left");
  });

  it("tells at once when the other tab goes to another page", async () => {
    const [ada, bob] = await pair();
    await Promise.all([ada.talksTo(1), bob.talksTo(1)]);
    const began = Date.now();
    await bob.page.goto(`${server.url}/health`);
    await ada.talksTo(0);
    assert.ok(Date.now() - began < QUICK_MS, `took ${Date.now() - began} ms`);
  });

  it("tells at once when the other tab leaves", async () => {
    const [ada, bob] = await pair();
    await Promise.all([ada.talksTo(1), bob.talksTo(1)]);
    await bob.page.click("#leave");
    await ada.talksTo(0);
    await bob.state("closed");
    await bob.page.locator("#end-title", { hasText: "You left" }).waitFor();
    await bob.page.click("#again");
    await Promise.all([ada.talksTo(1), bob.talksTo(1)]);
  });

  it("comes back after a reload, as somebody new", async () => {
    const [ada, bob] = await pair();
    await Promise.all([ada.talksTo(1), bob.talksTo(1)]);
    const before = await bob.page.locator("body").getAttribute("data-peer-id");
    await bob.page.reload();
    await bob.state("connected");
    await Promise.all([ada.talksTo(1), bob.talksTo(1)]);
    assert.notEqual(await bob.page.locator("body").getAttribute("data-peer-id"), before);
    await bob.say("back again");
    await ada.hears("back again");
  });

  it("says in plain words why a room cannot be joined", async () => {
    context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${server.url}/#${"x".repeat(200)}`);
    await page.locator("#end-title", { hasText: "This link does not work" }).waitFor();
  });

  it("resumes after five seconds without a network, and meets who came meanwhile", async () => {
    context = await browser.newContext();
    const url = `${server.url}/#offline`;
    const ada = await Tab.open(context, url);
    const peerId = await ada.page.locator("body").getAttribute("data-peer-id");
    await ada.offline(true);
    await ada.state("reconnecting");
    const bob = await Tab.open(context, url);
    // Shown as reconnecting: its seat is kept.
    await bob.page.locator('[data-peer][data-presence="reconnecting"]').waitFor();
    await ada.page.waitForTimeout(5_000);
    await ada.offline(false);
    const began = Date.now();
    await ada.state("connected");
    assert.ok(Date.now() - began < QUICK_MS, `took ${Date.now() - began} ms`);
    assert.equal(await ada.page.locator("body").getAttribute("data-peer-id"), peerId);
    await Promise.all([ada.talksTo(1), bob.talksTo(1)]);
    await bob.say("there you are");
    await ada.hears("there you are");
  });
});

describe("a browser without a camera", { timeout: 60_000 }, () => {
  it("can still talk", async () => {
    const bare = await launch({ camera: false });
    try {
      const own = await bare.newContext();
      const [ada, bob] = await Promise.all([
        Tab.open(own, `${server.url}/#bare`),
        Tab.open(own, `${server.url}/#bare`),
      ]);
      await Promise.all([ada.talksTo(1), bob.talksTo(1)]);
      await ada.page.click("#camera");
      await ada.page.locator("#notice", { hasText: "The chat works without it" }).waitFor();
      await ada.say("no camera, no trouble");
      await bob.hears("no camera, no trouble");
    } finally {
      await bare.close();
    }
  });
});
