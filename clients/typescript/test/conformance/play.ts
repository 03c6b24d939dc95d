// Runs a scenario: its server, its clients, one step after the other.
import { once } from "node:events";
import { createServer } from "node:net";
import type { ConnectOptions } from "../../src/index.js";
import { startServer, type WigwagServer } from "../server/wigwag-server.js";
import type { Actor } from "./actor.js";
import { environment, Fields, type Scenario } from "./scenario.js";
import { doStep } from "./step.js";

/** A peer id that no peer has. */
const ABSENT = "aaaaaaaaaaaaaaaaaaaaaaaaaa";

export class Play {
  readonly actors = new Map<string, Actor>();

  private constructor(
    /** The transport of its clients. */
    readonly way: ConnectOptions,
    private readonly env: Record<string, string>,
    private server: WigwagServer,
  ) {}

  /** Runs the scenario. Rejects with the step that failed and what happened instead. */
  static async of(scenario: Scenario, way: ConnectOptions): Promise<void> {
    const env = environment(scenario);
    const play = new Play(way, env, await startServer({ port: await freePort(), env }));
    try {
      for (const [at, step] of scenario.steps.entries()) {
        await doStep(play, new Fields(step)).catch((error: unknown) => {
          throw new Error(`at step ${at + 1}, ${JSON.stringify(step)}: ${String((error as Error).message ?? error)}`);
        });
      }
      for (const [name, { unread }] of play.actors) {
        if (unread) throw new Error(`at the end ${name} has an unexpected event: ${JSON.stringify(unread)}`);
      }
    } finally {
      await Promise.all([...play.actors.values()].map((actor) => actor.stop()));
      await play.server.stop("SIGKILL");
    }
  }

  get url(): string {
    return this.server.url;
  }

  get port(): number {
    return this.server.port;
  }

  actor(name: string): Actor {
    const actor = this.actors.get(name);
    if (!actor) throw new Error(`"${name}" never connected`);
    return actor;
  }

  /** Returns the peer id of a client. */
  peer(name: string): string {
    if (name === "") return "";
    return name === "absent" ? ABSENT : this.actor(name).peer;
  }

  /** Stops the server, with or without warning, and starts another one, without its state, at the same address. */
  async replaceServer(signal: NodeJS.Signals): Promise<void> {
    const { port } = this.server;
    await this.server.stop(signal);
    this.server = await startServer({ port, env: this.env });
  }
}

/**
 * Returns a free port below the range for outgoing connections: while the server is down, no other process, and no
 * connection attempt to it, can take the port.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const probe = createServer().unref();
    probe.listen(20_000 + Math.floor(Math.random() * 12_000), "127.0.0.1");
    const port = await Promise.race([
      once(probe, "listening").then(() => (probe.address() as { port: number }).port),
      once(probe, "error").then(() => undefined),
    ]).catch(() => undefined);
    probe.close();
    if (port !== undefined) return port;
  }
}
