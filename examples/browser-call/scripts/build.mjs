// Bundles the page's script into dist/app.js, which the server embeds together with src/index.html and src/style.css. The
// build is reproducible: a test repeats it and compares.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Bundles the script into `outfile`, by default dist/app.js; returns the npm packages that are part of it. */
export async function buildScript(outfile = path("../dist/app.js")) {
  const { metafile } = await build({
    absWorkingDir: path(".."),
    entryPoints: ["src/app.ts"],
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
  });
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs));
  const packages = inputs.map((input) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1]);
  return [...new Set(packages.filter((name) => name !== undefined))].sort();
}

function path(relative) {
  return fileURLToPath(new URL(relative, import.meta.url));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildScript();
