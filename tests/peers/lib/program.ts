// Runs an example as a separate process and collects its output.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A running example. */
export class Program {
  static readonly #running = new Set<Program>();
  #output = "";
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  /** Called when there is more output, or the process has ended. */
  readonly #watchers = new Set<() => void>();
  #hasEnded = false;

  constructor(command: string, args: string[], env: Record<string, string>) {
    this.#child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
        this.#wake();
      });
    }
    Program.#running.add(this);
    this.#child.on("error", (error) => (this.#output += String(error)));
    this.#exited = once(this.#child, "close").then(([code]) => code as number | null);
    void this.#exited.finally(() => {
      this.#hasEnded = true;
      Program.#running.delete(this);
      this.#wake();
    });
  }

  /** Kills the processes that a failed test has left running, and prints their output. */
  static async killAll(): Promise<void> {
    for (const program of this.#running) {
      process.stderr.write(`still running: ${program.#child.spawnargs.join(" ")}\n${program.#output}\n`);
      program.#child.kill("SIGKILL");
      await program.#exited;
    }
  }

  /** The output so far. */
  get output(): string {
    return this.#output;
  }

  /** Waits until it has printed this. Rejects if it ends before. */
  async prints(text: string | RegExp): Promise<void> {
    while (!(typeof text === "string" ? this.#output.includes(text) : text.test(this.#output))) {
      if (this.#hasEnded) throw new Error(`it ended without printing ${String(text)}:\n${this.#output}`);
      await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
  }

  /** Waits until it has ended, and returns its exit code. */
  ended(): Promise<number | null> {
    return this.#exited;
  }

  /** Interrupts it, as Ctrl-C does, and returns its exit code. */
  stop(): Promise<number | null> {
    this.#child.kill("SIGINT");
    return this.#exited;
  }

  #wake(): void {
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }
}
