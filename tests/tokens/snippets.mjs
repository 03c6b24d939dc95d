// Writes the snippets of docs/tokens.md into a directory, each under the file name in the comment before it:
//
//   <!-- snippet: sign_token.py -->

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const page = join(dirname(fileURLToPath(import.meta.url)), "../../docs/tokens.md");
const [directory] = process.argv.slice(2);
const snippets = [...readFileSync(page, "utf8").matchAll(/<!-- snippet: (\S+) -->\n+```\w+\n([\s\S]*?)```\n/g)];
if (snippets.length === 0) throw new Error("docs/tokens.md has no snippets");
mkdirSync(directory, { recursive: true });
for (const [, name, text] of snippets) {
  writeFileSync(join(directory, name), text);
  console.log(name);
}
