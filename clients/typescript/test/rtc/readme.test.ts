// The examples of rtc and react in the README compile as printed.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");

describe("the README", () => {
  it("shows code of rtc and react that compiles", { timeout: 120_000 }, () => {
    const snippets = ["## WebRTC", "## React"].map((heading) => {
      const section = readme.slice(readme.indexOf(`\n${heading}\n`) + 1).split("\n## ")[0] ?? "";
      return /```(tsx?)\n([^]*?)```/.exec(section) ?? assert.fail(`no code below ${heading}`);
    });
    // Inside the package, where its dependencies can be resolved.
    const directory = mkdtempSync(join(root, "node_modules", ".readme-"));
    try {
      const files = snippets.map(([, extension, code], index) => {
        const file = `snippet${index}.${extension}`;
        writeFileSync(join(directory, file), code as string);
        return file;
      });
      const entry = (path: string) => [join(root, "src", path)];
      const config = {
        extends: join(root, "tsconfig.json"),
        compilerOptions: {
          jsx: "react-jsx",
          module: "esnext",
          moduleResolution: "bundler",
          noUnusedLocals: false,
          paths: {
            "@wigwag/client": entry("index.ts"),
            "@wigwag/client/rtc": entry("rtc/index.ts"),
            "@wigwag/client/react": entry("react/index.ts"),
          },
        },
        files,
        include: [],
      };
      writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(config));
      const { status, stdout } = spawnSync("npx", ["--no-install", "tsc", "-p", directory], { cwd: root, encoding: "utf8" });
      assert.equal(status, 0, stdout);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
