// Builds dist/: ES modules and CommonJS, each with its own types.
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(`${root}/dist`, { recursive: true, force: true });
for (const project of ["tsconfig.esm.json", "tsconfig.cjs.json"]) {
  execFileSync("npx", ["--no-install", "tsc", "-p", project], { cwd: root, stdio: "inherit" });
}
// Without it Node takes dist/cjs for ES modules, as package.json says of the package.
writeFileSync(`${root}/dist/cjs/package.json`, `${JSON.stringify({ type: "commonjs" })}\n`);
