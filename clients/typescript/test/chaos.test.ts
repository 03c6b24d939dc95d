// Two sessions exchange signals while their connections, pushes and responses fail at random. The seed is in the test's name:
// CHAOS_SEED=<seed> repeats one run, CHAOS_RUNS=<n> sets their number.
import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { connect } from "../src/index.js";
import { FakeServer, nextTurn, until } from "./fake-server.js";

const SIGNALS = 400;
let cuts = 0;

/** A pseudo-random generator of numbers from 0 to 1 (mulberry32), so that a seed determines a run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function run(seed: number): Promise<void> {
  const random = randomFrom(seed);
  const server = new FakeServer();
  let calm = false;
  const cut = (token: string) => {
    cuts += 1;
    server.sessions.get(token)?.connection?.fail();
  };
  const mishap = (chance: number) => !calm && random() < chance;
  server.beforePush = ({ sessionToken }) => {
    if (mishap(0.1)) cut(sessionToken);
    if (mishap(0.1)) throw new Error("the push was lost");
    if (mishap(0.05)) return { ack: server.sessions.get(sessionToken)?.clientSeq ?? 0, retryAfterMs: 1 };
    return undefined;
  };
  server.afterPush = ({ sessionToken }) => {
    if (mishap(0.1)) cut(sessionToken);
    if (mishap(0.1)) throw new Error("the answer was lost");
  };

  const [ada, bob] = await Promise.all([
    connect("http://wigwag.test", { transport: server.transport }),
    connect("http://wigwag.test", { transport: server.transport }),
  ]);
  const rooms = await Promise.all([ada.join("demo"), bob.join("demo")]);
  const gone: string[] = [];
  const received = rooms.map((room) => {
    const texts: string[] = [];
    room.on("envelope", ({ payload }) => "text" in payload && texts.push(payload.text));
    room.on("left", ({ member }) => gone.push(member.peerId));
    return texts;
  });
  const peers = [bob.peerId, ada.peerId];
  const sent = Array.from({ length: SIGNALS }, (_, n) => `signal ${n}`);
  for (const text of sent) {
    for (const [at, room] of rooms.entries()) void room.send(peers[at] as string, { text });
    if (random() < 0.3) await nextTurn();
  }
  // Failures stop halfway: the back-off grows while every connection fails.
  await until(() => received.every((texts) => texts.length > SIGNALS / 2));
  calm = true;
  await until(() => received.every((texts) => texts.length >= SIGNALS));
  for (const texts of received) assert.deepEqual(texts, sent);
  assert.deepEqual(gone, []);
  assert.equal(server.rooms.get("demo")?.members.size, 2);
  await Promise.all([ada.close(), bob.close()]);
}

// Back-off is full jitter; without it each seed would take minutes.
mock.method(Math, "random", () => 0.001);

describe("through broken connections, every signal arrives once and in order", () => {
  const only = process.env["CHAOS_SEED"];
  const seeds = only ? [Number(only)] : Array.from({ length: Number(process.env["CHAOS_RUNS"] ?? 12) }, (_, n) => n + 1);
  for (const seed of seeds) it(`seed ${seed}`, { timeout: 60_000 }, () => run(seed));
  it("with enough failures to be meaningful", () => assert.ok(cuts > seeds.length, `${cuts} cuts`));
});
