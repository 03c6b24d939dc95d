// Runs coturn on loopback, with shared secrets that can be changed while it runs.
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const REALM = "test";
/** Changes the table of secrets. turnadmin does the same, and leaves a log in /var/log. */
const CHANGE = `
import sqlite3, sys
path, statement, realm, secret = sys.argv[1:]
database = sqlite3.connect(path, timeout=10)
# So that a change does not wait for coturn, which reads.
database.execute("PRAGMA journal_mode=WAL")
with database:
    database.execute(statement, (realm, secret))
`;
/** Limits the wait for coturn, in milliseconds. */
const PATIENCE_MS = 20_000;

/** Returns why coturn cannot be run here, or false. */
export function coturnMissing(): string | false {
  return spawnSync("turnserver", ["--version"]).error !== undefined && "turnserver is not found: install the package coturn";
}

/** A running coturn. Its secrets are in its database, so that it knows new ones at once. */
export class Coturn {
  #output = "";

  private constructor(
    private readonly folder: string,
    private readonly child: ChildProcess,
    readonly port: number,
  ) {
    child.stdout?.on("data", (text: Buffer) => (this.#output += text.toString()));
  }

  /** Starts it; resolves when it answers. */
  static async start(...secrets: string[]): Promise<Coturn> {
    const folder = await mkdtemp(join(tmpdir(), "wigwag-coturn-"));
    const port = await freePort();
    const options = [
      "-n", "--no-tcp", "--no-tls", "--no-dtls", "--no-cli", "--allow-loopback-peers", "--realm", REALM,
      "--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", String(port),
      "--use-auth-secret", "--userdb", join(folder, "turndb"), "--pidfile", join(folder, "pid"), "--log-file", "stdout",
    ];
    const child = spawn("turnserver", options, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
    const coturn = new Coturn(folder, child, port);
    try {
      await coturn.#answers();
      for (const secret of secrets) await coturn.add(secret);
    } catch (error) {
      await coturn.stop();
      throw error;
    }
    return coturn;
  }

  /** Its URL, for `RTCIceServer.urls`. */
  get url(): string {
    return `turn:127.0.0.1:${this.port}?transport=udp`;
  }

  /** Accepts credentials of this secret too. */
  async add(secret: string): Promise<void> {
    await this.#change("INSERT INTO turn_secret (realm, value) VALUES (?, ?)", secret);
  }

  /** Accepts credentials of this secret no longer. */
  async remove(secret: string): Promise<void> {
    await this.#change("DELETE FROM turn_secret WHERE realm = ? AND value = ?", secret);
  }

  async stop(): Promise<void> {
    const exited = once(this.child, "exit");
    if (this.child.exitCode === null && this.child.kill()) await exited;
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Waits for the response to a STUN binding request (RFC 8489, section 5). */
  async #answers(): Promise<void> {
    const socket = createSocket("udp4");
    const answered = once(socket, "message");
    const request = Buffer.from("000100002112a442000000000000000000000001", "hex");
    const asking = setInterval(() => socket.send(request, this.port, "127.0.0.1"), 50);
    const late = AbortSignal.timeout(PATIENCE_MS);
    try {
      await Promise.race([
        answered,
        once(this.child, "exit").then(() => Promise.reject(new Error(`coturn has ended:\n${this.#output}`))),
        once(late, "abort").then(() => Promise.reject(new Error(`coturn does not answer:\n${this.#output}`))),
      ]);
    } finally {
      clearInterval(asking);
      socket.close();
    }
  }

  async #change(statement: string, secret: string): Promise<void> {
    const options = ["-c", CHANGE, join(this.folder, "turndb"), statement, REALM, secret];
    await promisify(execFile)("python3", options, { timeout: PATIENCE_MS });
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}
