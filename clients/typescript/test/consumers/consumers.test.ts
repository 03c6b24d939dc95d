// The packed package as its users see it: its content, and that it works in a Node script and in a Vite project.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";
import { startServer, type WigwagServer } from "../server/wigwag-server.js";

const exec = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const projects = fileURLToPath(new URL("projects", import.meta.url));
/** Vite, which only the test project needs. */
const VITE = "8.3.8";
const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };

interface Packed {
  filename: string;
  files: ReadonlyArray<{ path: string }>;
}

describe("the packed package", { timeout: 300_000 }, () => {
  let folder: string;
  let packed: Packed;
  let tarball: string;
  let server: WigwagServer;
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    exports: Record<string, string | Record<"import" | "require", Record<"types" | "default", string>>>;
    devDependencies: Record<string, string>;
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "wigwag-consumers-"));
    // It builds first.
    const { stdout } = await exec("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root });
    // Before the JSON, npm prints the output of the build.
    [packed] = JSON.parse(stdout.slice(stdout.indexOf("[\n"))) as [Packed];
    tarball = join(folder, packed.filename);
    server = await startServer();
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Creates a project with the package and its dependencies, in the versions this package is tested with. */
  async function project(name: string, ...needs: string[]): Promise<string> {
    const here = join(folder, name);
    cpSync(join(projects, name), here, { recursive: true });
    const pinned = needs.map((need) => `${need}@${manifest.devDependencies[need] ?? VITE}`);
    const options = ["--no-audit", "--no-fund", "--prefer-offline", "--no-save", "--package-lock=false"];
    await exec("npm", ["install", ...options, tarball, ...pinned], { cwd: here });
    return here;
  }

  it("has the built code, the README and the license, and nothing else", () => {
    const paths = packed.files.map(({ path }) => path);
    const beside = paths.filter((path) => !path.startsWith("dist/")).sort();
    assert.deepEqual(beside, ["LICENSE", "README.md", "package.json"]);
    for (const path of paths.filter((path) => path.startsWith("dist/"))) {
      assert.match(path, /^dist\/(esm|cjs)\/([\w./-]+\.(js|d\.ts)|package\.json)$/);
      assert.doesNotMatch(path, /test/);
    }
    const exported = Object.values(manifest.exports).flatMap((entry) =>
      typeof entry === "string" ? [entry] : Object.values(entry).flatMap((way) => Object.values(way)),
    );
    assert.ok(exported.length >= 20);
    for (const path of exported) assert.ok(paths.includes(path.replace("./", "")), path);
  });

  it("works in Node, as an ES module and as CommonJS", async () => {
    const here = await project("node", "ws", "react", "@connectrpc/connect-node");
    const run = async (script: string) => (await exec(process.execPath, [script, server.url], { cwd: here, timeout: 60_000 })).stdout;
    assert.equal(await run("meet.mjs"), "grpc: hello\ngrpc-web: hello\ngrpc-web: hello\nINVALID_FIELD\n");
    assert.equal(await run("meet.cjs"), "grpc: hello\ngrpc-web: hello\n");
    const entries = Object.keys(manifest.exports).map((entry) => `@wigwag/client${entry.slice(1)}`);
    for (const entry of entries.filter((entry) => !entry.endsWith(".json"))) {
      await exec(process.execPath, ["--input-type=module", "-e", `await import("${entry}")`], { cwd: here });
      await exec(process.execPath, ["-e", `require("${entry}")`], { cwd: here });
    }
  });

  it("works in a new Vite project, which loads gRPC-Web and sealing on first use", async () => {
    const here = await project("vite", "vite", "typescript");
    await exec("npm", ["run", "build"], { cwd: here });
    const scripts = readdirSync(join(here, "dist/assets")).map((name) => join(here, "dist/assets", name));
    const entry = scripts.find((path) => /index-[^/]*\.js$/.test(path) && readFileSync(join(here, "dist/index.html"), "utf8").includes(path.split("/").at(-1) ?? ""));
    assert.ok(entry && scripts.length > 2, String(scripts));
    const size = gzipSync(readFileSync(entry)).length;
    assert.ok(size < 22_000, `${size} bytes`);

    const site = await serve(join(here, "dist"));
    const browser = await chromium.launch({
      executablePath: process.env["CHROMIUM"] || "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    });
    try {
      const page = await browser.newPage();
      const { port } = site.address() as AddressInfo;
      await page.goto(`http://127.0.0.1:${port}/?server=${encodeURIComponent(server.url)}`);
      await page.waitForFunction(() => document.title !== "consumer", undefined, { timeout: 60_000 });
      assert.equal(await page.title(), "websocket: hello, grpc-web: hello, websocket: hello");
    } finally {
      await browser.close();
      site.closeAllConnections();
      site.close();
    }
  });
});

/** Serves the files of a directory over HTTP. */
async function serve(folder: string): Promise<Server> {
  const site = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site.test");
    const path = join(folder, pathname === "/" ? "index.html" : pathname);
    try {
      const body = readFileSync(path);
      response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream").end(body);
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  return site;
}
