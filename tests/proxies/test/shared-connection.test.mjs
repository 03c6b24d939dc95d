// Through Envoy, all streams share one connection to the server: what some clients do to their streams must not be paid by
// the others. Beside each attack the same exchange runs without attackers, in the same test.
//
// SECONDS_OF_RUN and ATTACKERS make it longer and stronger (`make test-shared-envoy`).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { startServer } from "../../compat/lib/server.mjs";
import { ATTACKS, UNREAD } from "../lib/attackers.mjs";
import { channel, join } from "../lib/grpc.mjs";
import { installed, startProxy } from "../lib/proxies.mjs";

// Looking up the symbols of a backtrace takes a debug build longer than all else here.
process.env.RUST_BACKTRACE = "0";

const SECONDS = Number(process.env.SECONDS_OF_RUN ?? 3);
const ATTACKERS = Number(process.env.ATTACKERS ?? 30);
const PAIRS = Number(process.env.PAIRS ?? 10);
const PAUSE_MS = 10;
/** Heartbeat of the sessions. A stream that does not read is ended after a few of them, so that attack takes this long. */
const HEARTBEAT_MS = 1000;
const UNREAD_SECONDS = 18;
/** A window of the connection that 16 windows of its streams use up, and how many of these are not read. */
const SMALL_WINDOW = 1048576;
const SMALL_WINDOW_UNREAD = 24;
/** Streams that waited for others to be reset would have waited for seconds. */
const NO_WAIT_MS = 2000;

/** Two members that send to each other through a proxy, each the next message once the last one came back. */
async function startPair(port, room) {
  const client = channel(port);
  const [ada, bob] = [await join(client, room), await join(client, room)];
  return { client, ada, bob };
}

/** Lets a pair exchange messages for a time. Returns the round trips in milliseconds. */
async function exchange({ ada, bob }, until) {
  const trips = [];
  for (let number = 0; performance.now() < until; number++) {
    const sent = performance.now();
    ada.send(bob.id, `ping ${number}`);
    assert.equal((await bob.take("envelope")).message.text, `ping ${number}`);
    bob.send(ada.id, `pong ${number}`);
    assert.equal((await ada.take("envelope")).message.text, `pong ${number}`);
    trips.push(performance.now() - sent);
    await pause(PAUSE_MS);
  }
  return trips;
}

/** Returns the 99th percentile of round trips of all pairs over a time, and the longest. */
async function measure(pairs, seconds) {
  const until = performance.now() + seconds * 1000;
  const trips = (await Promise.all(pairs.map((pair) => exchange(pair, until)))).flat().sort((a, b) => a - b);
  return { count: trips.length, p99: trips[Math.floor(trips.length * 0.99)], longest: trips.at(-1) };
}

function rssMiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
}

describe("one connection from Envoy", { skip: !installed("envoy") && "envoy is not installed" }, () => {
  let server;
  let proxy;
  let pairs;
  beforeEach(async () => {
    server = await startServer(`session.heartbeat_ms=${HEARTBEAT_MS}`);
  });
  async function start(settings) {
    proxy = await startProxy("envoy", server.port, settings);
    pairs = await Promise.all(Array.from({ length: PAIRS }, (_, number) => startPair(proxy.grpc, `pair ${number}`)));
  }
  afterEach(async () => {
    for (const { client, ada, bob } of pairs ?? []) {
      ada.cancel();
      bob.cancel();
      client.close();
    }
    await proxy?.stop();
    await server.stop();
    pairs = proxy = undefined;
  });

  /** Measures the pairs alone and attacked, and returns both. No pair may lose anything. */
  async function attackPairs(context, attack, count, seconds) {
    const control = await measure(pairs, SECONDS);
    const stop = attack(proxy.grpc, count);
    const attacked = await measure(pairs, seconds).finally(stop);
    for (const { ada, bob } of pairs) assert.deepEqual([ada.failed(), bob.failed()], [undefined, undefined]);
    const ratio = (attacked.p99 / control.p99).toFixed(2);
    context.diagnostic(
      `round trips: ${control.count} with p99 ${control.p99.toFixed(1)} ms alone, ${attacked.count} with ` +
        `${attacked.p99.toFixed(1)} ms attacked (${ratio} times; the longest ${attacked.longest.toFixed(0)} ms), ` +
        `server ${rssMiB(server.pid).toFixed(0)} MiB`,
    );
    return attacked;
  }

  for (const [name, attack] of Object.entries(ATTACKS)) {
    test(`${name} do not disturb the others`, async (context) => {
      const panics = name.includes("panics");
      if (panics && (await fetch(`http://127.0.0.1:${server.port}/test/panic`).catch(() => undefined))?.status === 404) {
        return context.skip("the server is built without the feature test-panic");
      }
      await start();
      await attackPairs(context, attack, ATTACKERS, name === UNREAD ? Math.max(SECONDS, UNREAD_SECONDS) : SECONDS);
      if (panics) assert.match(server.log(), /a test has requested this/);
    });
  }

  test("a window of the connection that unread streams could use up is shared", async (context) => {
    await start({ connectionWindow: SMALL_WINDOW });
    const attacked = await attackPairs(context, ATTACKS[UNREAD], SMALL_WINDOW_UNREAD, UNREAD_SECONDS);
    assert.ok(attacked.longest < NO_WAIT_MS, `a round trip took ${attacked.longest.toFixed(0)} ms`);
  });
});
