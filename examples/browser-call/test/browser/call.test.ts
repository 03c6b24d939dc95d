import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, describe, it } from "node:test";
import type { Browser, BrowserContext } from "playwright-core";
import { startServer, type WigwagServer } from "../../../../clients/typescript/test/server/wigwag-server.js";
import { launch, Tab } from "./tabs.js";

/** A `bye` takes one request; without it the session would be kept for 30 s. */
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

/** Opens tabs of one browser in a new room. */
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
  it("is the one in this directory (if this fails, rebuild the server)", async () => {
    const files = { "": "src/index.html", "app.js": "dist/app.js", "style.css": "src/style.css" };
    for (const [path, file] of Object.entries(files)) {
      const served = await fetch(`${server.url}/${path}`);
      const committed = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
      assert.ok((await served.text()) === committed, `the server embeds another ${file}`);
      assert.match(served.headers.get("content-security-policy") ?? "", /default-src 'self'/);
    }
  });

  it("joins the room demo, so that two tabs opened at the server's address meet", async () => {
    context = await browser.newContext();
    const first = await Tab.open(context, `${server.url}/`);
    await first.page.locator("#status-text .waiting").waitFor();
    assert.match(first.url, /#demo$/);
    const second = await Tab.open(context, `${server.url}/`);
    await Promise.all([first.connectedTo(1), second.connectedTo(1)]);
    await first.page.locator("#status-text .state", { hasText: "Connected" }).waitFor();
    const flags = await first.page.locator(".tile:not(.invite) .portrait").evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset["flag"]));
    assert.equal(new Set(flags).size, 2);
  });

  it("creates a room with a new name, and its link leads there", async () => {
    context = await browser.newContext();
    const first = await Tab.open(context, `${server.url}/`);
    await first.page.click(".invite .new-room");
    await first.page.waitForURL(/#([a-z]+-){4}[0-9]{4}$/);
    await first.state("connected");
    const second = await Tab.open(context, first.url);
    await Promise.all([first.connectedTo(1), second.connectedTo(1)]);
  });

  it("shows all tiles on phones, upright and on their side", async () => {
    const sizes = [{ width: 390, height: 844 }, { width: 844, height: 390 }];
    const phones = await Promise.all(sizes.map((viewport) => browser.newContext({ viewport, isMobile: true, hasTouch: true })));
    try {
      rooms += 1;
      const opened = await Promise.all(phones.map((phone) => Tab.open(phone, `${server.url}/#room ${rooms}`)));
      await Promise.all(opened.map((tab) => tab.connectedTo(1)));
      for (const [index, { page }] of opened.entries()) {
        const { width, height } = sizes[index] as { width: number; height: number };
        const inside = await page.locator(".tile:visible, .controls .button:visible").evaluateAll(
          (all, [width, height]) =>
            all.every((one) => {
              const { left, top, right, bottom } = one.getBoundingClientRect();
              return left >= 0 && top >= 0 && right <= (width as number) && bottom <= (height as number);
            }),
          [width, height],
        );
        assert.ok(inside, `something is clipped at ${width}×${height}`);
      }
    } finally {
      await Promise.all(phones.map((phone) => phone.close()));
    }
  });

  it("opens a data channel between two tabs, which carries messages both ways", async () => {
    const [ada, bob] = await pair();
    await Promise.all([ada.connectedTo(1), bob.connectedTo(1)]);
    await ada.say("ahoy ⚑");
    await bob.receives("ahoy ⚑");
    await bob.say("<b>ahoy</b> yourself");
    await ada.receives("<b>ahoy</b> yourself");
    ada.assertNoErrors();
    bob.assertNoErrors();
  });

  it("shows both cameras when they are turned on at the same time, and when they are turned off", async () => {
    const [ada, bob] = await pair();
    await Promise.all([ada.connectedTo(1), bob.connectedTo(1)]);
    await Promise.all([ada.page.click("#camera"), bob.page.click("#camera")]);
    await Promise.all([ada.showsVideosOf(1), bob.showsVideosOf(1)]);
    await ada.page.click("#camera");
    await bob.page.locator('[data-peer][data-video="off"]').waitFor();
    await ada.showsVideosOf(1);
    await ada.page.click("#camera");
    await bob.showsVideosOf(1);
    ada.assertNoErrors();
    bob.assertNoErrors();
  });

  it("shows who is muted, and lets one speak without a camera", async () => {
    const [ada, bob] = await pair();
    await Promise.all([ada.connectedTo(1), bob.connectedTo(1)]);
    await bob.page.locator('[data-peer][data-microphone="off"]').waitFor();
    await ada.page.click("#microphone");
    await bob.page.locator('[data-peer][data-microphone="on"][data-video="off"]').waitFor();
    await bob.page.waitForFunction(() => {
      const stream = document.querySelector<HTMLVideoElement>("[data-peer] video")?.srcObject as MediaStream | null;
      return stream?.getAudioTracks().some((track) => !track.muted) ?? false;
    });
    await ada.page.click("#microphone");
    await bob.page.locator('[data-peer][data-microphone="off"]').waitFor();
    ada.assertNoErrors();
    bob.assertNoErrors();
  });

  it("shows a screen in place of the camera, and the camera again afterwards", async () => {
    const [ada, bob] = await pair();
    await Promise.all([ada.connectedTo(1), bob.connectedTo(1)]);
    await ada.page.click("#camera");
    await ada.page.click("#microphone");
    await bob.page.locator('[data-peer][data-microphone="on"]').waitFor();
    await bob.showsVideosOf(1);
    await ada.page.click("#screen");
    await bob.page.locator('[data-peer][data-picture="screen"][data-video="on"]').waitFor();
    await ada.page.click("#screen");
    await bob.page.locator('[data-peer][data-picture="camera"][data-video="on"]').waitFor();
    await bob.showsVideosOf(1);
    ada.assertNoErrors();
    bob.assertNoErrors();
  });

  it("opens the chat with a button on a phone, and counts unread messages", async () => {
    const [ada] = await tabs(1);
    const phone = await browser.newContext({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    try {
      const bob = await Tab.open(phone, (ada as Tab).url);
      await Promise.all([(ada as Tab).connectedTo(1), bob.connectedTo(1)]);
      await (ada as Tab).say("are you there");
      await bob.page.locator("#unread", { hasText: "1" }).waitFor();
      await bob.page.tap("#chat-toggle");
      await bob.receives("are you there");
      await bob.say("on the train");
      await (ada as Tab).receives("on the train");
      assert.equal(await bob.page.locator("#unread").isVisible(), false);
      // Nothing overflows: the page is as wide as the screen.
      assert.equal(await bob.page.evaluate(() => document.documentElement.scrollWidth), 390);
    } finally {
      await phone.close();
    }
  });

  it("connects four tabs of one browser, each with every other", async () => {
    const four = await tabs(4);
    await Promise.all(four.map((tab) => tab.connectedTo(3)));
    await Promise.all(four.map((tab, n) => tab.say(`number ${n}`)));
    for (const [n, tab] of four.entries()) {
      for (let other = 0; other < 4; other += 1) if (other !== n) await tab.receives(`number ${other}`);
    }
    await Promise.all(four.map((tab) => tab.page.click("#camera")));
    await Promise.all(four.map((tab) => tab.showsVideosOf(3)));
  });

  it("notices at once when the other tab is closed", async () => {
    const [ada, bob] = await pair();
    await Promise.all([ada.connectedTo(1), bob.connectedTo(1)]);
    const began = Date.now();
    await bob.page.close({ runBeforeUnload: true });
    await ada.connectedTo(0);
    assert.ok(Date.now() - began < QUICK_MS, `took ${Date.now() - began} ms`);
    await ada.showsEvent("left");
  });

  it("notices at once when the other tab navigates away", async () => {
    const [ada, bob] = await pair();
    await Promise.all([ada.connectedTo(1), bob.connectedTo(1)]);
    const began = Date.now();
    await bob.page.goto(`${server.url}/health`);
    await ada.connectedTo(0);
    assert.ok(Date.now() - began < QUICK_MS, `took ${Date.now() - began} ms`);
  });

  it("notices at once when the other tab leaves", async () => {
    const [ada, bob] = await pair();
    await Promise.all([ada.connectedTo(1), bob.connectedTo(1)]);
    await bob.page.click("#leave");
    await ada.connectedTo(0);
    await bob.state("closed");
    await bob.page.locator("#end-title", { hasText: "You left" }).waitFor();
    await bob.page.click("#again");
    await Promise.all([ada.connectedTo(1), bob.connectedTo(1)]);
  });

  it("rejoins after a reload with a new peer id", async () => {
    const [ada, bob] = await pair();
    await Promise.all([ada.connectedTo(1), bob.connectedTo(1)]);
    const before = await bob.page.locator("body").getAttribute("data-peer-id");
    await bob.page.reload();
    await bob.state("connected");
    await Promise.all([ada.connectedTo(1), bob.connectedTo(1)]);
    assert.notEqual(await bob.page.locator("body").getAttribute("data-peer-id"), before);
    await bob.say("back again");
    await ada.receives("back again");
  });

  it("explains why a room cannot be joined", async () => {
    context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${server.url}/#${"x".repeat(200)}`);
    await page.locator("#end-title", { hasText: "This link does not work" }).waitFor();
  });

  it("resumes after five seconds without a network, and connects to a peer that joined meanwhile", async () => {
    context = await browser.newContext();
    const url = `${server.url}/#offline`;
    const ada = await Tab.open(context, url);
    const peerId = await ada.page.locator("body").getAttribute("data-peer-id");
    await ada.offline(true);
    await ada.state("reconnecting");
    const bob = await Tab.open(context, url);
    // Ada is still a member and is shown as reconnecting.
    await bob.page.locator('[data-peer][data-presence="reconnecting"]').waitFor();
    await ada.page.waitForTimeout(5_000);
    await ada.offline(false);
    const began = Date.now();
    await ada.state("connected");
    assert.ok(Date.now() - began < QUICK_MS, `took ${Date.now() - began} ms`);
    assert.equal(await ada.page.locator("body").getAttribute("data-peer-id"), peerId);
    await Promise.all([ada.connectedTo(1), bob.connectedTo(1)]);
    await bob.say("there you are");
    await ada.receives("there you are");
  });
});

describe("a browser without a camera", { timeout: 60_000 }, () => {
  it("can still use the chat", async () => {
    const bare = await launch({ camera: false });
    try {
      const own = await bare.newContext();
      const [ada, bob] = await Promise.all([
        Tab.open(own, `${server.url}/#bare`),
        Tab.open(own, `${server.url}/#bare`),
      ]);
      await Promise.all([ada.connectedTo(1), bob.connectedTo(1)]);
      await ada.page.click("#camera");
      await ada.page.locator("#notice", { hasText: "The chat works without it" }).waitFor();
      await ada.say("no camera, no trouble");
      await bob.receives("no camera, no trouble");
    } finally {
      await bare.close();
    }
  });
});
