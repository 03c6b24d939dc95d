// Builds the three files the server embeds. Same sources, same bytes: a test builds them again and compares.
import { copyFileSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Builds the page into `out`, by default dist/. */
export async function buildPage(out = path("../dist")) {
  mkdirSync(out, { recursive: true });
  await build({
    absWorkingDir: path(".."),
    entryPoints: ["src/app.ts"],
    outfile: `${out}/app.js`,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
  });
  for (const file of ["index.html", "style.css"]) copyFileSync(path(`../src/${file}`), `${out}/${file}`);
}

function path(relative) {
  return fileURLToPath(new URL(relative, import.meta.url));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPage();
