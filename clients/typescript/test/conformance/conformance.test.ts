// Runs the scenarios of clients/conformance against a real server, over every transport, and prints the results.
//
// WIGWAG_SCENARIO=resume runs only those whose file name contains that word, WIGWAG_SCENARIOS names another folder.
import assert from "node:assert/strict";
import { it } from "node:test";
import { TRANSPORTS } from "../server/transports.js";
import { Play } from "./play.js";
import { scenarios } from "./scenario.js";

/**
 * Scenarios that run at the same time, each with a server process. Few, since closing has a time limit (B42) that a busy machine
 * must not reach.
 */
const AT_A_TIME = 3;
/** The optional features this client supports. */
const HAVE: readonly string[] = ["seal"];

it("runs every scenario over every transport", { timeout: 600_000 }, async () => {
  const wanted = process.env["WIGWAG_SCENARIO"] ?? "";
  const chosen = [...scenarios()].filter(([name]) => name.includes(wanted));
  assert.ok(chosen.length > 0, `no scenario is called ${wanted}`);
  const plays = chosen.flatMap(([name, scenario]) => [...TRANSPORTS].map(([transport, way]) => ({ name, scenario, transport, way })));
  const results = new Map<string, string>();
  const queue = [...plays];
  const player = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { name, scenario, transport, way } = next;
      const since = Date.now();
      const lacks = scenario.needs?.find((need) => !HAVE.includes(need));
      const result =
        lacks === undefined
          ? await Play.of(scenario, way).then(
              () => `ok ${((Date.now() - since) / 1000).toFixed(1)} s`,
              (error: unknown) => `FAILED ${(error as Error).message}`,
            )
          : `skipped: it needs ${lacks}`;
      results.set(`${name} ${transport}`, result);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, player));

  const failed: string[] = [];
  console.log(["scenario".padEnd(28), ...[...TRANSPORTS.keys()].map((name) => name.padEnd(11)), "title"].join(" "));
  for (const [name, { title }] of chosen) {
    const cells = [...TRANSPORTS.keys()].map((transport) => {
      const result = results.get(`${name} ${transport}`) ?? "";
      if (!result.startsWith("ok")) failed.push(`${name} over ${transport}: ${result}`);
      return (/^(ok .*|\w+)/.exec(result)?.[0] ?? "").padEnd(11);
    });
    console.log([name.padEnd(28), ...cells, title].join(" "));
  }
  console.log(`${plays.length} plays, ${failed.length} failed`);
  assert.deepEqual(failed, []);
});
