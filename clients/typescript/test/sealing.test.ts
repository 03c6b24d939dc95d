import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { connect, type ConnectOptions, type Payload, type RoomSecret, type Session } from "../src/index.js";
import { decodeContent, encodeContent } from "../src/seal/content.js";
import { type Bytes, deriveKeys, type RoomKeys } from "../src/seal/keys.js";
import { Opener } from "../src/seal/opener.js";
import { sealWith } from "../src/seal/sealer.js";
import { decodePayload, encodePayload } from "../src/payload.js";
import { fromBase64, toBase64 } from "../src/base64.js";
import { FakeServer, until } from "./fake-server.js";

interface Vector {
  name: string;
  secret: { key?: string; passphrase?: string };
  room: string;
  from: string;
  to: string;
  counter: number;
  nonce: string;
  plaintext: string;
  keyId: string;
  senderKey: string;
  sealed: string;
  me: string;
  lastCounter: number;
  reason: string;
}

const { vectors, failures } = JSON.parse(
  readFileSync(new URL("../../vectors/sealing.json", import.meta.url), "utf8"),
) as { vectors: Vector[]; failures: Vector[] };

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const unhex = (text: string): Bytes => Uint8Array.from(Buffer.from(text, "hex"));
const made = new Map<string, Promise<RoomKeys>>();

/** Cached, since passphrases are slow on purpose and the vectors repeat them. */
function keysOf({ secret, room }: Vector): Promise<RoomKeys> {
  const name = JSON.stringify([secret, room]);
  const given: RoomSecret = secret.key === undefined ? { passphrase: secret.passphrase ?? "" } : { key: unhex(secret.key) };
  let keys = made.get(name);
  if (!keys) made.set(name, (keys = deriveKeys(given, room)));
  return keys;
}

describe("the shared test vectors", () => {
  it("are sealed to the same bytes, and opened", async () => {
    assert.ok(vectors.length >= 16);
    for (const vector of vectors) {
      const { name, from, to, counter } = vector;
      const keys = await keysOf(vector);
      assert.equal(hex(keys.id), vector.keyId, name);
      assert.equal(hex(await keys.senderKey(from)), vector.senderKey, name);
      const plaintext = unhex(vector.plaintext);
      const payload = decodeContent(plaintext);
      assert.equal(hex(encodeContent(payload)), vector.plaintext, name);
      const nonce = unhex(vector.nonce);
      const sealed = await sealWith(keys, await keys.cipher(from), { from, to, counter, nonce }, plaintext);
      assert.equal(hex(sealed), vector.sealed, name);
      const opened = decodeContent(await new Opener(keys).open(from, to, sealed));
      assert.deepEqual(opened, payload, name);
      // As an application passes and receives them.
      const given = decodePayload(payload);
      assert.ok(given);
      assert.deepEqual(decodePayload(encodePayload(given)), given, name);
    }
  });

  it("that must not open fail with the reason", async () => {
    assert.ok(failures.length >= 20);
    for (const vector of failures) {
      const keys = await keysOf(vector);
      const opener = new Opener(keys);
      if (vector.lastCounter > 0) opener.count(vector.from, await keys.cipher(vector.from), BigInt(vector.lastCounter));
      // As a session does: an envelope to one peer must be sealed for this peer, whatever the envelope says.
      const to = vector.to === "" ? "" : vector.me;
      const opening = opener.open(vector.from, to, unhex(vector.sealed)).then(decodeContent);
      await assert.rejects(opening, { name: "WigwagError", reason: vector.reason }, vector.name);
    }
  });
});

describe("an opener", () => {
  it("forgets the sender with the oldest envelope first", async () => {
    const keys = await deriveKeys({ key: new Uint8Array(32) }, "demo");
    const opener = new Opener(keys);
    const cipher = await keys.cipher("x");
    for (let sender = 0; sender < 4_096; sender += 1) opener.count(String(sender), cipher, 1n);
    opener.count("0", cipher, 2n);
    opener.count("one more", cipher, 1n);
    assert.equal(opener.senders, 4_096);
    assert.throws(() => opener.count("0", cipher, 2n), { reason: "REPLAYED" });
    opener.count("1", cipher, 1n);
  });

  it("does not count envelopes that cannot be opened", async () => {
    const keys = await deriveKeys({ key: new Uint8Array(32) }, "demo");
    const opener = new Opener(keys);
    const nonce = new Uint8Array(12);
    const plaintext = encodeContent({ message: { text: "hello" } });
    const sealed = await sealWith(keys, await keys.cipher("ada"), { from: "ada", to: "", counter: 1, nonce }, plaintext);
    await assert.rejects(opener.open("bob", "", sealed), { reason: "SEAL_BROKEN" });
    assert.equal(opener.senders, 0);
    assert.deepEqual(decodeContent(await opener.open("ada", "", sealed)), { message: { text: "hello" } });
    await assert.rejects(opener.open("ada", "", sealed), { reason: "REPLAYED" });
  });
});

const KEY: RoomSecret = { key: new Uint8Array(32).fill(7) };

function open(server: FakeServer, options: ConnectOptions = {}): Promise<Session> {
  return connect("http://wigwag.test", { transport: server.transport, ...options });
}

describe("a session with a secret", { timeout: 60_000 }, () => {
  it("refuses invalid secrets", async () => {
    const server = new FakeServer();
    const field = { reason: "INVALID_FIELD", metadata: { field: "secret" } };
    await assert.rejects(open(server, { secret: { passphrase: "" } }), field);
    await assert.rejects(open(server, { secret: { key: new Uint8Array(31) } }), field);
    const session = await open(server);
    await assert.rejects(session.join("demo", { secret: { key: new Uint8Array(33) } }), field);
    await assert.rejects(session.createRoom({ secret: { passphrase: "" } }), field);
    assert.equal(server.rooms.size, 0);
    await session.close();
  });

  it("seals everything, in the order of the calls, and shows the server nothing", async () => {
    const server = new FakeServer();
    const [ada, bob] = [await open(server, { secret: KEY }), await open(server, { secret: KEY })];
    const [here, there] = [await ada.join("demo"), await bob.join("demo")];
    const plain = await ada.join("plain", { secret: { key: new Uint8Array(32) } });
    const received: string[] = [];
    there.on("envelope", ({ payload }) => "text" in payload && received.push(payload.text));
    bob.on("envelope", ({ payload }) => "text" in payload && received.push(`direct ${payload.text}`));
    there.on("updated", ({ member }) => received.push(member.displayName));
    const sent = Array.from({ length: 200 }, (_, n) => `classified ${n}`);
    // Sealing is asynchronous and requests are not: their order stays the same nevertheless.
    for (const text of sent) void here.broadcast({ text });
    void ada.send(bob.peerId, { text: "classified, too" });
    const left = here.leave();
    await assert.rejects(plain.send("absent", { text: "classified" }, { receipt: true }), { reason: "PEER_NOT_FOUND" });
    await left;
    await until(() => received.length === sent.length + 1);
    assert.deepEqual(received, [...sent, "direct classified, too"]);
    const seen = JSON.stringify(server.pushes);
    assert.ok(seen.includes('"sealed"') && !seen.includes("classified"));
    await Promise.all([ada.close(), bob.close()]);
  });

  it("reports what cannot be opened, and does not deliver it", async () => {
    const server = new FakeServer();
    const [ada, eve] = [await open(server), await open(server)];
    const room = await ada.join("demo", { secret: KEY });
    const open_ = await eve.join("demo");
    const events: string[] = [];
    room.on("envelope", ({ payload }) => events.push(JSON.stringify(payload)));
    room.on("unopened", ({ from, error }) => events.push(`${error.reason} of ${from}`));
    room.on("joined", ({ member }) => events.push(`+${member.peerId}`));
    await open_.broadcast({ text: "plain" });
    await open_.broadcast({ sealed: Uint8Array.of(1, 2, 3) });
    await eve.join("demo", { secret: { key: new Uint8Array(32) } });
    await open_.broadcast({ text: "another secret" });
    await until(() => events.length === 3);
    server.enter("demo", { peerId: "late", joinedAt: new Date(0).toISOString() });
    await eve.join("demo", { secret: KEY });
    await open_.broadcast({ text: "the same secret" });
    await until(() => events.length === 5);
    const of = `of ${eve.peerId}`;
    assert.deepEqual(events, [`NOT_SEALED ${of}`, `SEAL_UNKNOWN ${of}`, `WRONG_KEY ${of}`, "+late", '{"text":"the same secret"}']);
    await Promise.all([ada.close(), eve.close()]);
  });

  it("detects what the server changes, repeats or sends to another peer", async () => {
    const server = new FakeServer();
    const [ada, bob] = [await open(server, { secret: KEY }), await open(server, { secret: KEY })];
    const [here, there] = [await ada.join("demo"), await bob.join("demo")];
    const events: string[] = [];
    there.on("envelope", ({ payload }) => events.push(JSON.stringify(payload)));
    there.on("unopened", ({ error }) => events.push(error.reason));
    await here.send(bob.peerId, { text: "one" });
    await until(() => events.length === 1);
    const sealed = server.pushes.flatMap(({ frames }) => frames).find(({ envelope }) => envelope?.sealed)?.envelope?.sealed ?? "";
    const changed = fromBase64(sealed);
    changed[40] = (changed[40] as number) ^ 1;
    const session = server.session(bob.peerId);
    const envelope = { room: "demo", from: ada.peerId, to: bob.peerId };
    session.post({ envelope: { ...envelope, sealed } });
    session.post({ envelope: { ...envelope, sealed: toBase64(changed) } });
    session.post({ envelope: { room: "demo", from: ada.peerId, sealed } });
    session.post({ envelope: { ...envelope, from: "mallory", sealed } });
    await here.send(bob.peerId, { text: "two" });
    await until(() => events.length === 6);
    const broken = ["REPLAYED", "SEAL_BROKEN", "SEAL_BROKEN", "SEAL_BROKEN"];
    assert.deepEqual(events, ['{"text":"one"}', ...broken, '{"text":"two"}']);
    await Promise.all([ada.close(), bob.close()]);
  });

  it("continues after a lost connection and after a reset", async () => {
    const server = new FakeServer();
    const [ada, bob] = [await open(server, { secret: KEY }), await open(server, { secret: KEY })];
    const received: string[] = [];
    const listen = (session: Session) => {
      session.on("envelope", ({ payload }) => "text" in payload && received.push(payload.text));
      session.on("unopened", ({ error }) => received.push(error.reason));
    };
    listen(bob);
    await ada.send(bob.peerId, { text: "a" });
    server.session(ada.peerId).connection?.fail();
    await ada.send(bob.peerId, { text: "b" });
    await until(() => received.length === 2);
    const fake = server.session(ada.peerId);
    server.sessions.delete(fake.token);
    const reset = new Promise((resolve) => ada.on("reset", resolve));
    fake.connection?.fail();
    await reset;
    await ada.send(bob.peerId, { text: "c" });
    await until(() => received.length === 3);
    assert.deepEqual(received, ["a", "b", "c"]);
    await Promise.all([ada.close(), bob.close()]);
  });

  it("gives a sealed room an unguessable name", async () => {
    const server = new FakeServer();
    const session = await open(server);
    const rooms = [await session.createRoom({ secret: KEY }), await session.createRoom({ secret: KEY })];
    for (const { name } of rooms) assert.match(name, /^[a-z2-7]{26}$/);
    assert.notEqual(rooms[0]?.name, rooms[1]?.name);
    await session.close();
  });

  it("delivers the bytes of applications that encrypt themselves", async () => {
    const server = new FakeServer();
    const [ada, bob] = [await open(server, { secret: KEY }), await open(server, { secret: KEY })];
    const payloads: Payload[] = [{ sealed: Uint8Array.of(1, 2) }, { binary: new Uint8Array(0) }, { candidate: { candidate: "" } }];
    const received: unknown[] = [];
    bob.on("envelope", ({ payload }) => received.push(payload));
    for (const payload of payloads) await ada.send(bob.peerId, payload);
    await until(() => received.length === payloads.length);
    assert.deepEqual(received, payloads);
    await Promise.all([ada.close(), bob.close()]);
  });
});
