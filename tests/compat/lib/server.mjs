// Starts a separate server for each test file, on a free port; and the servers whose protocols it supports, for comparison.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const binary = process.env.WIGWAG_SERVER ?? fileURLToPath(new URL("../../../target/debug/wigwag-server", import.meta.url));

/**
 * Starts a server; `settings` are `--set` flags such as `"session.direct_messages=false"`.
 *
 * @param {string[]} settings
 */
export const startServer = (...settings) => startServerAt(0, ...settings);

/** Starts a server on a given port, such as that of one that has stopped. */
export const startServerAt = (at, ...settings) => startProgram(binary, at, ...settings);

/**
 * Lets this process end while a server runs, which a test that has failed may have left, and ends it then. Returns a function
 * that has the process wait for the server's end.
 */
function outlive(child) {
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
  for (const handle of [child, child.stdout, child.stderr]) handle?.unref();
  return () => child.ref();
}

/** Starts this program, a server of another version, on a given port or, for 0, a free one. */
export async function startProgram(binary, at, ...settings) {
  const all = ["log.level=warn", ...settings];
  const flags = ["--listen", `127.0.0.1:${at}`, ...all.flatMap((setting) => ["--set", setting])];
  const child = spawn(binary, flags, { stdio: ["ignore", "pipe", "pipe"] });
  const log = [];
  child.stderr.on("data", (chunk) => log.push(chunk));
  const gone = once(child, "exit");
  const port = await new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => {
      const found = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
      if (found) resolve(Number(found[1]));
    });
    gone.then(() => reject(new Error(`the server did not start: ${Buffer.concat(log)}`)), reject);
  });
  const awaited = outlive(child);
  return {
    port,
    pid: child.pid,
    host: `127.0.0.1:${port}`,
    /**
     * Returns what it has logged: warnings and above, unless the settings say otherwise. Without the warning that the machine
     * was so busy that the server did not run, which no client causes.
     */
    log: () => Buffer.concat(log).toString().replaceAll(/^.*"message":"the process did not run".*\n/gm, ""),
    /** Returns the JSON body of the response to a GET request. */
    async json(path) {
      return (await fetch(`http://127.0.0.1:${port}${path}`)).json();
    },
    /** Asks it to shut down, and waits until it has. */
    async stop() {
      awaited();
      child.kill("SIGTERM");
      await gone;
    },
    /** Asks it to shut down without waiting. */
    drain() {
      awaited();
      child.kill("SIGTERM");
    },
    gone,
  };
}

/** Starts the reference server that a script in this folder runs, on a given port or a free one. */
export async function startReference(script, at = 0) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, String(at)], { stdio: ["ignore", "pipe", "inherit"] });
  const gone = once(child, "exit");
  const [port] = await Promise.race([
    once(child.stdout, "data"),
    gone.then(() => { throw new Error(`${script} did not start`); }),
  ]);
  const awaited = outlive(child);
  return {
    port: Number(port),
    host: `127.0.0.1:${Number(port)}`,
    async stop() {
      awaited();
      child.kill("SIGTERM");
      await gone;
    },
  };
}
