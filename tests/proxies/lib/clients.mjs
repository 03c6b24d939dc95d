// Other HTTP/2 clients, each a separate program: `run.sh` builds those of Go and Java, Debian has the others.
import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { Inbox } from "../../compat/lib/inbox.mjs";
import { decodeFrame, encodeFrame } from "./grpc.mjs";

const { GRPC_GO_CLIENT, JAVA_CLIENTS } = process.env;

const java = (kind) => ({
  missing: !JAVA_CLIENTS && "its libraries could not be installed from Maven Central",
  command: (port) => ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", JAVA_CLIENTS, "SignalClient", kind, "127.0.0.1", `${port}`],
});

/** Programs that pass the messages of a `Signal` stream on, in Base64. */
export const STREAMING = {
  "grpc-go": {
    missing: !GRPC_GO_CLIENT && "it could not be built",
    command: (port) => [GRPC_GO_CLIENT, `127.0.0.1:${port}`],
  },
  "grpc-java over Netty": java("netty"),
  "grpc-java over okhttp": java("grpc-okhttp"),
  okhttp: java("okhttp"),
};

/** Opens a session with such a program and joins a room. */
export async function join(program, port, room) {
  const [command, ...args] = STREAMING[program].command(port);
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const exit = once(child, "close");
  const [frames, errors] = [new Inbox(), []];
  child.stderr.on("data", (chunk) => errors.push(chunk));
  // An end before the status shows in the status.
  child.stdin.on("error", () => {});
  let status = `none: ${program} ended`;
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.startsWith("status ")) status = line.slice("status ".length);
    else frames.put(decodeFrame(Buffer.from(line, "base64")));
  });
  const send = (frame) => child.stdin.write(`${encodeFrame(frame).toString("base64")}\n`);
  const member = {
    async take(body) {
      const failed = exit.then(() => {
        throw new Error(`${program} ended with status ${status}: ${Buffer.concat(errors)}`);
      });
      // A Java VM may take seconds to start.
      return (await Promise.race([frames.take((frame) => frame[body] != null, body, 30_000), failed]))[body];
    },
    send: (to, text) => send({ envelope: { room, to, message: { text } } }),
    /** Ends the session and its stream. Returns the gRPC status. */
    async end() {
      send({ bye: {} });
      child.stdin.end();
      await exit;
      return status;
    },
    kill: () => child.kill("SIGKILL"),
  };
  send({ join: { room } });
  try {
    member.id = (await member.take("welcome")).peerId;
    await member.take("joined");
  } catch (error) {
    member.kill();
    throw error;
  }
  return member;
}

const GRPC = ["content-type: application/grpc", "te: trailers"].flatMap((header) => ["-H", header]);
const SIGNAL = "/wigwag.v1.SignalingService/Signal";

/** Programs that send a request whose body is a file, `times` times. */
export const REQUESTING = {
  curl: {
    arguments: (file, url) => ["--silent", "--show-error", "--http2-prior-knowledge", ...GRPC, "--data-binary", `@${file}`, url],
    times: 1,
  },
  nghttp: { arguments: (file, url) => [...GRPC, "-d", file, url], times: 1 },
  h2load: { arguments: (file, url) => ["-n", "200", "-c", "2", "-m", "20", ...GRPC, "-d", file, url], times: 200 },
};

/** Returns whether a program is installed. */
export function installed(command) {
  try {
    execFileSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Sends frames, and Bye after them, in one request to `Signal` with such a program. Returns what it printed. */
export async function request(program, port, frames) {
  const dir = mkdtempSync(path(tmpdir(), "wigwag-request-"));
  const file = path(dir, "body");
  writeFileSync(file, Buffer.concat([...frames, { bye: {} }].map(message)));
  try {
    return await run(program, REQUESTING[program].arguments(file, `http://127.0.0.1:${port}${SIGNAL}`));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Runs a program to its end. Returns what it printed. */
export async function run(command, args) {
  return (await promisify(execFile)(command, args, { encoding: "buffer", timeout: 60_000 })).stdout;
}

/** Returns a frame as a gRPC message. */
function message(frame) {
  const bytes = encodeFrame(frame);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

/** Returns the frames in the body of a gRPC response. */
export function framesOf(body) {
  const frames = [];
  for (let at = 0; at + 5 <= body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    frames.push(decodeFrame(body.subarray(at + 5, end)));
    at = end;
  }
  return frames;
}
