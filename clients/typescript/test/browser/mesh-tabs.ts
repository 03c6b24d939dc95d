// Chromium tabs for the mesh tests, each with its own browser profile and proxy.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { Proxy, type WigwagServer } from "../server/wigwag-server.js";
import type { MeshPage } from "./mesh-page.js";

declare const page: MeshPage;

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
];
/** Limits every wait, in milliseconds: machines that run tests are busy. */
const PATIENCE_MS = 90_000;

/** Starts a browser: the one CHROMIUM names, by default Debian's. */
export function launch(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] || "/usr/bin/chromium";
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

/** Serves a script in an empty page, from a separate origin. */
export async function serveScript(entry: { file: string } | { script: string }): Promise<Site> {
  const source = (path: string) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
  const bundle = await build({
    ...("file" in entry
      ? { entryPoints: [fileURLToPath(new URL(entry.file, import.meta.url))] }
      : { stdin: { contents: entry.script, resolveDir: fileURLToPath(new URL(".", import.meta.url)) } }),
    alias: { "@wigwag/client/rtc": source("rtc/index.ts"), "@wigwag/client": source("index.ts") },
    bundle: true,
    write: false,
    format: "esm",
    define: { "process.env.NODE_ENV": '"development"' },
  });
  const server = createServer((request, response) => {
    const script = request.url === "/page.js";
    response.setHeader("content-type", script ? "text/javascript" : "text/html");
    response.end(script ? bundle.outputFiles[0]?.text : '<!doctype html><script type="module" src="page.js"></script>');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return new Site(server);
}

/** A page of a separate origin. */
export class Site {
  constructor(private readonly server: Server) {}

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
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
