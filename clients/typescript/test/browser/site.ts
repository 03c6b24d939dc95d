// Serves test scripts to browsers, from an origin that is not the server's.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Bundles a script with this client, and serves it in an empty page. */
export async function serveScript(entry: { file: URL } | { script: string }): Promise<Site> {
  const source = (path: string) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
  const bundle = await build({
    ...("file" in entry
      ? { entryPoints: [fileURLToPath(entry.file)] }
      : { stdin: { contents: entry.script, resolveDir: fileURLToPath(new URL(".", import.meta.url)) } }),
    alias: { "@wigwag/client/rtc": source("rtc/index.ts"), "@wigwag/client": source("index.ts") },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    logLevel: "warning",
    define: { "process.env.NODE_ENV": '"development"' },
  });
  const page = '<!doctype html><script type="module" src="/page.js"></script>';
  const server = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8");
    response.end(isScript ? bundle.outputFiles[0]?.text : page);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return new Site(server);
}

/** A running web server with one page. */
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
