// Chromium tabs for tests, and what can be seen in them.
import assert from "node:assert/strict";
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];

/** Starts a browser: the one CHROMIUM names, by default Debian's. */
export function launch({ camera = true } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] || "/usr/bin/chromium",
    headless: true,
    args: [...FLAGS, ...(camera ? FAKE_CAMERA : [])],
  });
}

/** A tab with the page in it. */
export class Tab {
  /** What the browser had to complain about. */
  readonly complaints: string[] = [];
  #devtools: CDPSession | undefined;

  private constructor(readonly page: Page) {
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message) => {
      // Browsers ask for it whether or not a page has one.
      if (message.location().url.endsWith("/favicon.ico")) return;
      if (message.type() === "error") this.complaints.push(message.text());
    });
  }

  static async open(context: BrowserContext, url: string): Promise<Tab> {
    const tab = new Tab(await context.newPage());
    await tab.page.goto(url);
    await tab.state("connected");
    return tab;
  }

  get url(): string {
    return this.page.url();
  }

  /** Waits for a state of the session. */
  async state(state: string): Promise<void> {
    await this.page.locator(`body[data-state="${state}"]`).waitFor();
  }

  /** Waits until chat channels to exactly so many peers are open. */
  async talksTo(peers: number): Promise<void> {
    await this.page.waitForFunction(
      (wanted) =>
        document.querySelectorAll("[data-peer]").length === wanted &&
        document.querySelectorAll('[data-peer][data-channel="open"]').length === wanted,
      peers,
    );
  }

  async say(text: string): Promise<void> {
    await this.page.fill("#message", text);
    await this.page.press("#message", "Enter");
  }

  /** Waits until somebody else says this. */
  async hears(text: string): Promise<void> {
    await this.page.locator("#messages .other", { hasText: text }).waitFor();
  }

  /** Waits until the page tells of this. */
  async tells(text: string): Promise<void> {
    await this.page.locator("#messages .event", { hasText: text }).waitFor();
  }

  /** Waits until moving pictures of so many peers arrive. */
  async sees(peers: number): Promise<void> {
    await this.page.waitForFunction(
      (wanted) =>
        [...document.querySelectorAll<HTMLVideoElement>('[data-peer][data-video="on"] video')].filter(
          (video) => video.videoWidth > 0 && video.currentTime > 0,
        ).length === wanted,
      peers,
    );
  }

  /** Cuts the tab off the network, or connects it again. Connections between tabs stay. */
  async offline(offline: boolean): Promise<void> {
    // What one DevTools session emulates another cannot end.
    this.#devtools ??= await this.page.context().newCDPSession(this.page);
    await this.#devtools.send("Network.enable");
    await this.#devtools.send("Network.emulateNetworkConditions", {
      offline,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });
  }

  noComplaints(): void {
    assert.deepEqual(this.complaints, []);
  }
}
