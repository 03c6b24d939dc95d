// What the server tells of itself holds nothing private: its log at the lowest level, metrics, pages, errors and the answers to
// administrators are searched after realistic traffic over every transport, with what clients do wrong.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect as connectTcp, createServer } from "node:net";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { WebSocket } from "ws";
import { connect, type Session } from "../../src/index.js";
import { until } from "../fake-server.js";
import { TRANSPORTS } from "./transports.js";
import { Proxy } from "./wigwag-server.js";

const BINARY =
  process.env["WIGWAG_SERVER"] || fileURLToPath(new URL("../../../../target/debug/wigwag-server", import.meta.url));
const DESCRIPTORS = new URL("../../../../proto/src/generated/wigwag.v1.bin", import.meta.url);
const TIMEOUT_MS = 90_000;

const SDP = "v=0\r\no=- 4611731400430051336 2 IN IP4 192.0.2.77\r\na=ice-ufrag:8hhYfrag\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n";
const CANDIDATE = "candidate:842163049 1 udp 1677729535 198.51.100.23 46154 typ srflx ufrag 8hhYfrag";
const TEXT = "a text between two people";
const KEY = "the key of the tokens of this test";
const TURN_SECRET = "the secret of the TURN servers";

/** What is private whatever its value: by shape. Some of it may be a value that the test does not know. */
const SHAPES: ReadonlyMap<string, RegExp> = new Map([
  ["a token", /eyJ[\w-]{6,}/],
  ["a session description", /v=0(\\r|\r)|a=ice-/],
  ["a candidate", /candidate:\d/],
  ["a user name fragment", /ufrag[: ]/],
  ["an IPv4 address", /\b(?:\d{1,3}\.){3}\d{1,3}\b/],
  ["an IPv6 address", /\[?::1\]?(?::\d+)?\b|\b[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){7}\b/],
]);

/** Returns what is private in a text, each with the line that holds it. */
function findings(what: string, text: string, values: ReadonlyMap<string, string>): string[] {
  return text.split("\n").flatMap((line) => [
    ...[...values].filter(([, value]) => line.includes(value)).map(([name]) => `${what}: ${name} in ${line}`),
    ...[...SHAPES].filter(([, shape]) => shape.test(line)).map(([name]) => `${what}: ${name} in ${line}`),
  ]);
}

function base64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** Signs a token that permits everything for ten minutes, unless `claims` says otherwise. */
function sign(sub: string, claims: object = {}, key = KEY): string {
  const now = Math.floor(Date.now() / 1_000);
  const can = ["join", "create", "send", "broadcast", "direct", "list", "manage", "admin"];
  const body = { sub, iat: now, exp: now + 600, jti: randomBytes(6).toString("hex"), wigwag: { rooms: ["*"], can }, ...claims };
  const signed = `${base64({ alg: "HS256", kid: "main" })}.${base64(body)}`;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** A server whose whole output is kept. */
async function startServer(admin: number) {
  const settings = [
    "log.level=trace", "log.format=json", `auth.keys=[{id="main",secret="${KEY}"}]`, `admin.listen=127.0.0.1:${admin}`,
    "compat.ticket_parameter=ticket", 'ice.turn_urls=["turn:203.0.113.9:3478"]', `ice.turn_secret=${TURN_SECRET}`,
    "drain.timeout_ms=1000",
  ];
  const flags = ["--listen", "127.0.0.1:0", ...settings.flatMap((setting) => ["--set", setting])];
  const child = spawn(BINARY, flags, { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.on("data", (text: Buffer) => (log += text.toString()));
  const exited = once(child, "exit");
  for await (const line of createInterface(child.stdout)) {
    const url = /listening on (http:\S+)/.exec(line)?.[1];
    if (!url) continue;
    child.stdout.resume();
    return {
      url,
      port: Number(new URL(url).port),
      child,
      async stop(): Promise<string> {
        child.kill("SIGTERM");
        await exited;
        return log;
      },
    };
  }
  throw new Error(`the server has ended: ${log}`);
}

describe("what the server tells of itself", { timeout: TIMEOUT_MS }, () => {
  it("holds no tokens, descriptions, candidates, credentials or addresses", async (test) => {
    const admin = await freePort();
    const server = await startServer(admin);
    test.after(() => server.child.kill("SIGKILL"));
    /** What must not be found, by what it is. */
    const secret = new Map([
      ["the key", KEY],
      ["the TURN secret", TURN_SECRET],
      ["a session id of a description", "4611731400430051336"],
      ["a password of a description", "asd88fgpdd777uzjYhagZg"],
      ["a candidate's foundation", "842163049"],
      ["a text", TEXT],
      ["a name", "Ada Lovelace"],
      ["a name in JSON", "Ada%20Lovelace"],
    ]);
    /** What is searched, by where it is from. */
    const told: Array<[string, string]> = [];
    const token = (sub: string, claims?: object, key?: string) => {
      const signed = sign(sub, claims, key);
      secret.set(`a signature ${secret.size}`, signed.split(".")[2] as string);
      return signed;
    };
    /** Keeps the error that this must end with. */
    const refused = async (what: string, action: () => Promise<unknown>) => {
      const error: unknown = await action().then(() => assert.fail(`${what} is not refused`), (error: unknown) => error);
      const { reason, metadata } = error as { reason?: string; metadata?: unknown };
      told.push([`${what} (error)`, `${String(error)} ${reason} ${JSON.stringify(metadata)}`]);
    };
    const wrong = { forged: token("ada", {}, "another key, which is not the server's"), expired: token("ada", { exp: 1_700_000_000 }) };

    /** What two clients do over one transport, right and wrong. */
    const talk = async (name: string, way: object) => {
      const proxy = await Proxy.start(server.port);
      const url = (to = server.port) => `http://127.0.0.1:${to}`;
      const open = (sub: string, at = url()): Promise<Session> =>
        connect(at, { ...way, token: token(sub, { name: "Ada Lovelace" }), timeoutMs: 20_000 });
      const [ada, bob] = await Promise.all([open("ada", proxy.url), open("bob")]);
      for (const [session, who] of [[ada, "ada"], [bob, "bob"]] as const) {
        secret.set(`the session's secret of ${who} over ${name}`, session.sessionToken.split(".").at(-1) as string);
        const [turn] = session.iceServers;
        assert.ok(turn?.credential, "credentials of the TURN server");
        secret.set(`the TURN password of ${who} over ${name}`, turn.credential);
        secret.set(`the TURN user name of ${who} over ${name}`, String(turn.username));
      }
      const [here, there] = [await ada.join(`room ${name}`), await bob.join(`room ${name}`)];
      const received: object[] = [];
      there.on("envelope", ({ payload }) => received.push(payload));
      let undeliverable = 0;
      here.on("undeliverable", ({ error }) => {
        undeliverable += 1;
        told.push([`${name}: undeliverable`, `${String(error)} ${error.reason} ${JSON.stringify(error.metadata)}`]);
      });
      await until(() => here.members.has(bob.peerId));
      const payloads = [
        { description: { type: "offer", sdp: SDP } as const },
        { candidate: { candidate: CANDIDATE, sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "8hhYfrag" } },
        { text: TEXT },
      ];
      for (const payload of payloads) {
        await here.send(bob.peerId, payload);
        await here.send("not-a-peer", payload);
      }
      await until(() => undeliverable === payloads.length);
      await until(() => received.length === payloads.length);
      await refused(`${name}: a refresh with a forged token`, () => ada.refreshToken(wrong.forged));
      await ada.refreshToken(token("ada"));
      const resumed = new Promise((resolve) => ada.on("resumed", resolve));
      proxy.cut();
      await resumed;
      for (const [kind, bad] of Object.entries(wrong)) {
        await refused(`${name}: ${kind} token`, () => connect(url(), { ...way, token: bad, timeoutMs: 5_000 }));
      }
      await refused(`${name}: no token`, () => connect(url(), { ...way, timeoutMs: 5_000 }));
      const narrow = token("eve", { wigwag: { rooms: ["lobby"], can: ["join"] } });
      const eve = await connect(url(), { ...way, token: narrow });
      await refused(`${name}: another room`, () => eve.join(`room ${name}`));
      await Promise.all([eve.close(), bob.close(), ada.close()]);
      await proxy.stop();
    };
    for (const [name, way] of TRANSPORTS) await talk(name, way);

    /** A WebSocket that is opened, told something, and read until it closes or has answered. */
    const socket = async (what: string, path: string, protocols: string[], messages: object[]) => {
      const opened = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, protocols);
      const end = new Promise<string>((resolve) => {
        opened.on("error", (error) => resolve(String(error)));
        opened.on("close", (code, reason) => resolve(`${code} ${reason.toString()}`));
      });
      const first = new Promise((resolve) => opened.once("message", resolve));
      opened.on("open", () => messages.forEach((message) => opened.send(JSON.stringify(message))));
      await Promise.race([first, end]);
      opened.close();
      told.push([`${what} (close)`, await end]);
    };
    for (const shown of [token("ada"), wrong.forged]) {
      await socket("a token as the subprotocol", "/v1/signal", ["wigwag.v1.json", `wigwag.token.${shown}`], [{ hello: {} }]);
      await socket("a token as the subprotocol, no hello", "/v1/signal", ["wigwag.v1.json", `wigwag.token.${shown}`], [{ sdp: SDP }]);
      await socket("a token in the URL", `/v1/signal?token=${shown}`, ["wigwag.v1.json"], [{ hello: { token: shown } }]);
    }

    /** A call of REST, or of a page. The answer is searched, unless it is for the caller alone. */
    const call = async (method: string, path: string, options: { token?: string; body?: string; own?: boolean } = {}) => {
      const headers = {
        ...(options.token && { authorization: `Bearer ${options.token}` }),
        ...(options.body && { "content-type": "application/json" }),
      };
      const answer = await fetch(`${server.url}${path}`, { method, headers, body: options.body ?? null });
      const text = await answer.text();
      if (!options.own) told.push([`${method} ${path.split("?")[0]} ${answer.status}`, text]);
      return text;
    };
    const good = token("backend");
    for (const shown of [good, wrong.forged, wrong.expired, undefined]) {
      const options = shown ? { token: shown } : {};
      await call("GET", "/v1/rooms", options);
      await call("POST", "/v1/rooms", { ...options, body: `{"room": "made", "metadata": {"a": "${TEXT}"` });
      await call("POST", "/v1/tickets", { ...options, body: '{"protocol": "telnet", "clientId": "ada"}' });
      await call("GET", `/health?token=${shown}`, options);
      await call("GET", `/rooms?token=${shown}`, options);
      await call("GET", `/absent/${shown}`, options);
    }
    const candidate = { candidate: CANDIDATE };
    for (const [protocol, path, messages] of [
      ["rooms-ws", "/?roomId=r&userId=ada&userName=Ada%20Lovelace&ticket=", [{ type: "offer", targetUserId: "x", sdp: SDP }, { type: "ice-candidate", targetUserId: "x", candidate }]],
      ["plain-json", "/json/r?ticket=", [{ type: "new-ice-candidate", candidate }, { sdp: SDP }]],
      ["peerjs", "/peerjs/peerjs?key=peerjs&id=ada&token=", [{ type: "OFFER", dst: "x", payload: { sdp: SDP } }]],
    ] as const) {
      const body = JSON.stringify({ protocol, clientId: "ada", rooms: protocol === "peerjs" ? [] : ["r"] });
      const { ticket } = JSON.parse(await call("POST", "/v1/tickets", { token: good, body, own: true })) as { ticket: string };
      secret.set(`a ticket of ${protocol}`, ticket.split(".").at(-1) as string);
      await socket(`${protocol} with its ticket`, `${path}${ticket}`, [], [...messages]);
      await socket(`${protocol} with a wrong ticket`, `${path}${ticket}x`, [], [...messages]);
    }
    for (const bytes of [`${TEXT} ${SDP}\r\n\r\n`, `GET /${good} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${good}\r\nx: ${"x".repeat(40_000)}\r\n\r\n`]) {
      const raw = connectTcp(server.port, "127.0.0.1", () => raw.end(bytes));
      raw.on("error", () => undefined);
      let answer = "";
      raw.on("data", (data: Buffer) => (answer += data.toString()));
      await once(raw, "close");
      told.push(["bytes that are not HTTP", answer]);
    }

    // The answers to administrators, while sessions are open.
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(DESCRIPTORS)));
    const service = registry.getService("wigwag.v1.AdminService");
    assert.ok(service);
    const calls = createClient(service, createGrpcTransport({ baseUrl: `http://127.0.0.1:${admin}` })) as unknown as Record<
      string,
      (request: object, options: object) => Promise<unknown>
    >;
    const open = await connect(server.url, { ...TRANSPORTS.get("websocket"), token: token("ada", { name: "Ada Lovelace" }) });
    await open.join("room websocket");
    const text = (value: unknown) => JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? Number(part) : part));
    for (const shown of [good, wrong.forged]) {
      const options = { headers: { authorization: `Bearer ${shown}` } };
      for (const name of ["getNode", "listSessions", "listEvents", "explainPair", "setLogLevel"]) {
        const answer = await calls[name]?.({}, options).then(text, String);
        assert.ok(answer, name);
        told.push([`AdminService ${name}`, answer]);
      }
    }
    told.push(["metrics", await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text()]);
    told.push(["health", await call("GET", "/health")], ["ready", await call("GET", "/ready")]);
    await open.close();
    const log = await server.stop();

    for (const line of ["serving", "session opened", "session resumed", "session ended", "draining"]) {
      assert.ok(log.includes(line), `the log tells of "${line}"`);
    }
    assert.ok(told.length > 60 && told.some(([, text]) => text.includes("wigwag_sessions")), `${told.length} texts`);
    const found = [["log", log] as [string, string], ...told].flatMap(([what, text]) => findings(what, text, secret));
    assert.deepEqual(found, []);
  });

  it("would be found", () => {
    for (const line of [`got ${sign("ada")}`, `sdp=${SDP}`, CANDIDATE, "peer 127.0.0.1:80", "peer [::1]:80"]) {
      assert.notDeepEqual(findings("log", line, new Map()), [], line);
    }
    for (const line of ['{"ts":"2026-01-01T10:00:00.123456Z","version":"0.1.0"}', "wigwag_node::ice", "bytes 1.5"]) {
      assert.deepEqual(findings("log", line, new Map()), [], line);
    }
  });
});
