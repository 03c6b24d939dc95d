import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { fileURLToPath } from "node:url";

it("the generated code matches the protos: if not, run `npm run generate`", () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const fresh = mkdtempSync(join(tmpdir(), "wigwag-gen-"));
  try {
    const bin = join(root, "node_modules/.bin");
    execFileSync(join(bin, "buf"), ["generate", "--output", fresh], {
      cwd: root,
      env: { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}` },
    });
    assert.deepEqual(tree(join(root, "src/gen")), tree(join(fresh, "src/gen")));
  } finally {
    rmSync(fresh, { recursive: true });
  }
});

/** Returns every file below a directory, by path. */
function tree(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort();
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length), readFileSync(path, "utf8")]));
}
