// Drives tabs of the page in Chromium.
import assert from "node:assert/strict";
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from "playwright-core";
import { launchOptions } from "../../../../tests/browser/launch-options.mjs";

/** Launches a browser, by default with a fake camera. */
export function launch({ camera = true } = {}): Promise<Browser> {
  return chromium.launch(launchOptions({ camera }));
}

/** A tab that shows the page. */
export class Tab {
  /** Errors that the browser reported. */
  readonly errors: string[] = [];
  #devtools: CDPSession | undefined;

  private constructor(readonly page: Page) {
    page.on("pageerror", (error) => this.errors.push(String(error)));
    page.on("console", (message) => {
      // Browsers request it whether or not the page has one.
      if (message.location().url.endsWith("/favicon.ico")) return;
      if (message.type() === "error") this.errors.push(message.text());
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

  /** Waits until the session is in a state. */
  async state(state: string): Promise<void> {
    await this.page.locator(`body[data-state="${state}"]`).waitFor();
  }

  /** Waits until chat channels are open to exactly this number of peers. */
  async connectedTo(peers: number): Promise<void> {
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

  /** Waits for a message with this text from another peer. */
  async receives(text: string): Promise<void> {
    await this.page.locator("#messages .other", { hasText: text }).waitFor();
  }

  /** Waits until the page shows an event with this text. */
  async showsEvent(text: string): Promise<void> {
    await this.page.locator("#messages .event", { hasText: text }).waitFor();
  }

  /** Waits until video of exactly this number of peers plays. */
  async showsVideosOf(peers: number): Promise<void> {
    await this.page.waitForFunction(
      (wanted) =>
        [...document.querySelectorAll<HTMLVideoElement>('[data-peer][data-video="on"] video')].filter(
          (video) => video.videoWidth > 0 && video.currentTime > 0,
        ).length === wanted,
      peers,
    );
  }

  /** Emulates a lost network, or restores it. Peer connections are not affected. */
  async offline(offline: boolean): Promise<void> {
    // Emulation can only be ended by the DevTools session that started it.
    this.#devtools ??= await this.page.context().newCDPSession(this.page);
    await this.#devtools.send("Network.enable");
    await this.#devtools.send("Network.emulateNetworkConditions", {
      offline,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });
  }

  assertNoErrors(): void {
    assert.deepEqual(this.errors, []);
  }
}
