// Chromium tabs for the mesh tests, each with its own browser profile and proxy.
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { launchOptions } from "../../../../tests/browser/launch-options.mjs";
import { Proxy, type WigwagServer } from "../server/wigwag-server.js";
import type { MeshPage } from "./mesh-page.js";
import type { Site } from "./site.js";

declare const page: MeshPage;

/** Limits every wait, in milliseconds: machines that run tests are busy. */
const PATIENCE_MS = 90_000;

/** Launches a browser with a fake camera. */
export function launch(): Promise<Browser> {
  return chromium.launch(launchOptions({ camera: true }));
}

/** A tab with the page of the mesh tests. */
export class MeshTab {
  private constructor(
    readonly name: string,
    readonly page: Page,
    private readonly context: BrowserContext,
    private readonly proxy: Proxy,
  ) {}

  static async open(name: string, browser: Browser, site: Site, server: WigwagServer): Promise<MeshTab> {
    const context = await browser.newContext();
    const [opened, proxy] = await Promise.all([context.newPage(), Proxy.start(server.port)]);
    opened.setDefaultTimeout(PATIENCE_MS);
    await opened.goto(site.url);
    await opened.waitForFunction(() => "page" in globalThis);
    return new MeshTab(name, opened, context, proxy);
  }

  /** The proxy between this tab and the server. */
  get url(): string {
    return this.proxy.url;
  }

  async join(room: string, { media = true } = {}): Promise<void> {
    await this.page.evaluate(
      ([url, room, name, media]) => page.join(url, room, name, media),
      [this.url, room, this.name, media] as const,
    );
  }

  /** Reloads the page. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.page.waitForFunction(() => "page" in globalThis);
  }

  /** Disconnects this tab from the server, or lets it reconnect. Connections between tabs stay. */
  async offline(offline: boolean): Promise<void> {
    // Chromium's offline mode does not break WebSockets.
    this.proxy.closed = offline;
    if (offline) this.proxy.cut();
    await this.context.setOffline(offline);
  }

  /** Waits until a condition holds in the page. */
  async until<A>(condition: (argument: A) => boolean, argument: A): Promise<void> {
    // TypeScript cannot infer the types of the page and its arguments here.
    await this.page.waitForFunction(condition as (argument: unknown) => boolean, argument, { polling: 50 });
  }

  /** Waits until exactly these tabs are members, and connected to this one. */
  async connectedTo(others: MeshTab[], { media = true } = {}): Promise<void> {
    const names = others.filter((tab) => tab !== this).map(({ name }) => name);
    try {
      await this.until(([names, media]) => page.missing([...names], media).length === 0, [names, media] as const);
    } catch (error) {
      const missing = await this.page.evaluate(([names, media]) => page.missing([...names], media), [names, media] as const);
      throw new Error(`${this.name} is not connected: ${missing.join("; ")}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.context.close();
    await this.proxy.stop();
  }
}
