// The built package, as its users see it. Needs dist/: `npm test` builds it first.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { VERSION } from "../src/version.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string) => readFileSync(join(root, file), "utf8");

const NAME = "@wigwag/client";
/** The entry points in package.json. */
const ENTRIES = Object.keys((JSON.parse(read("package.json")) as { exports: object }).exports)
  .filter((entry) => !entry.endsWith(".json"))
  .map((entry) => NAME + entry.slice(1));

/** Returns what a browser fetches for a bundled module: at once, and on first use. In bytes, gzip. */
async function sizesOf(contents: string): Promise<{ entry: number; lazy: number }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    outdir: root,
    absWorkingDir: root,
    write: false,
    metafile: true,
  });
  const atOnce = new Set<string>();
  const take = (name: string) => {
    if (atOnce.has(name)) return;
    atOnce.add(name);
    for (const { path, kind } of metafile.outputs[name]?.imports ?? []) if (kind === "import-statement") take(path);
  };
  for (const [name, { entryPoint }] of Object.entries(metafile.outputs)) if (entryPoint === "<stdin>") take(name);
  const sizes = { entry: 0, lazy: 0 };
  for (const { path, contents: file } of outputFiles) {
    sizes[atOnce.has(relative(root, path)) ? "entry" : "lazy"] += gzipSync(file).length;
  }
  return sizes;
}

describe("the package", () => {
  it("sends its version to the server", () => {
    const { version } = JSON.parse(read("package.json")) as { version: string };
    assert.equal(VERSION, version);
  });

  for (const entry of ENTRIES) {
    it(`can be required and imported: ${entry}`, async () => {
      // By the package name, through the exports in package.json.
      const imported = (await import(entry)) as Record<string, unknown>;
      const required = createRequire(import.meta.url)(entry) as Record<string, unknown>;
      const names = (module: object) => Object.keys(module).filter((name) => name !== "__esModule" && name !== "module.exports");
      assert.deepEqual(names(required).sort(), names(imported).sort());
    });
  }

  it("is small for a page that imports only the client, and loads the rest on first use", async () => {
    const sizes = await sizesOf('export { connect } from "@wigwag/client";');
    console.log(`default entry: ${sizes.entry} bytes gzip; loaded when used: ${sizes.lazy}`);
    assert.ok(sizes.entry < 22_000, `${sizes.entry} bytes`);
    // gRPC-Web and sealing are in separate chunks.
    assert.ok(sizes.lazy > 10_000, `${sizes.lazy} bytes`);
  });

  it("carries the license of the project", () => {
    assert.equal(read("LICENSE"), read("../../LICENSE"));
  });

  it("has complete types, with which the examples of the README compile", () => {
    const snippets = [...read("README.md").matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code ?? "");
    assert.ok(snippets.length >= 3);
    const folder = mkdtempSync(join(root, ".snippet-"));
    try {
      const files = snippets.flatMap((snippet, at) =>
        ["mts", "cts"].map((extension) => {
          // CommonJS has no await outside of functions.
          const [, imports = "", rest = ""] = /^((?:import.*\n)*)([^]*)$/.exec(snippet) ?? [];
          const name = `snippet${at}.${extension}`;
          writeFileSync(join(folder, name), extension === "mts" ? snippet : `${imports}void (async () => {${rest}})();`);
          return { name, forNode: snippet.includes(`${NAME}/node`) };
        }),
      );
      // The project of a page does not have Node's types.
      for (const forNode of [false, true]) {
        const names = files.filter((file) => file.forNode === forNode).map(({ name }) => name);
        const options = "--noEmit --strict --ignoreConfig --module nodenext --target es2022 --lib es2022,dom,dom.iterable".split(" ");
        const types = ["--types", forNode ? "node" : ""];
        execFileSync(join(root, "node_modules/.bin/tsc"), [...options, ...types, ...names], { cwd: folder, encoding: "utf8" });
      }
    } catch (error) {
      assert.fail(String((error as { stdout?: string }).stdout ?? error));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
