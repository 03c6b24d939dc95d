// The page is bundled from the client's sources in clients/typescript; this installs their dependencies.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const client = fileURLToPath(new URL("../../../clients/typescript", import.meta.url));
if (!existsSync(`${client}/node_modules`)) {
  execFileSync("npm", ["ci"], { cwd: client, stdio: "inherit" });
}
