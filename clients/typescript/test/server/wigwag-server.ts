// Starts a real server for a test, on a free port, and a proxy before it that can break connections.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BINARY =
  process.env["WIGWAG_SERVER"] || fileURLToPath(new URL("../../../../target/debug/wigwag-server", import.meta.url));

/** A running server. */
export interface WigwagServer {
  readonly url: string;
  readonly port: number;
  /** Stops the server, and waits until it has exited. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts the server; settings are `key=value`, as for `--set`, or environment variables. */
export async function startServer({ port = 0, set = [] as string[], env = {} } = {}): Promise<WigwagServer> {
  const settings = set.flatMap((setting) => ["--set", setting]);
  const child = spawn(BINARY, ["--listen", `127.0.0.1:${port}`, "--log-level", "error", ...settings], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const exited = once(child, "exit");
  const url = await listening(child, exited);
  return {
    url,
    port: Number(new URL(url).port),
    stop: async (signal = "SIGTERM") => {
      child.kill(signal);
      await exited;
    },
  };
}

async function listening(child: ChildProcess, exited: Promise<unknown>): Promise<string> {
  const failed = Promise.race([
    exited.then(() => new Error("the server ended at once")),
    once(child, "error").then(([error]) => new Error(`the server cannot be started: ${String(error)}; build it first`)),
  ]);
  const found = (async () => {
    if (!child.stdout) throw new Error("no output");
    for await (const line of createInterface(child.stdout)) {
      const url = /listening on (https?:\S+)/.exec(line)?.[1];
      if (url) return url;
    }
    return failed;
  })();
  const url = await Promise.race([found, failed]);
  if (url instanceof Error) throw url;
  child.stdout?.resume();
  return url;
}

/** A TCP proxy whose connections can be cut, and that can refuse new ones. */
export class Proxy {
  /** Refuses new connections while true. */
  closed = false;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  /** The number of bytes, in both directions together, after which the connections break. */
  #budget: { left: number; readonly each: number; readonly times: number } | undefined;

  /** `target`: the port new connections are forwarded to. */
  private constructor(public target: number) {
    this.#server = createServer((near) => {
      if (this.closed) {
        near.destroy();
        return;
      }
      const far = connect(this.target, "127.0.0.1");
      for (const [socket, other] of [[near, far], [far, near]] as const) {
        this.#sockets.add(socket);
        socket.setNoDelay(true);
        socket.on("data", (bytes: Buffer) => this.#carry(bytes, socket, other));
        socket.on("drain", () => other.resume());
        socket.on("end", () => other.end());
        socket.on("error", () => undefined);
        socket.on("close", () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
      }
    });
  }

  static async start(target: number): Promise<Proxy> {
    const proxy = new Proxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Breaks every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Breaks them after this many more bytes, wherever in a frame that is, and repeats that `times` times. */
  cutAfter(bytes: number, times = 1): void {
    this.#budget = { left: bytes, each: bytes, times };
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #carry(bytes: Buffer, from: Socket, to: Socket): void {
    const budget = this.#budget;
    if (!budget || bytes.length < budget.left) {
      if (budget) budget.left -= bytes.length;
      if (!to.write(bytes)) from.pause();
      return;
    }
    const { left, each, times } = budget;
    this.#budget = times > 1 ? { left: each, each, times: times - 1 } : undefined;
    const broken = [...this.#sockets];
    for (const socket of broken) if (socket !== to) socket.pause();
    to.write(bytes.subarray(0, left), () => broken.forEach((socket) => socket.destroy()));
  }
}
