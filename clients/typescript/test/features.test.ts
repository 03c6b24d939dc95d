import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { FEATURES, SUPPORTED } from "../src/features.js";
import { connect } from "../src/index.js";
import { FakeServer, until } from "./fake-server.js";

it("the table of features is that of feature.proto", () => {
  const proto = readFileSync(new URL("../../../proto/wigwag/v1/feature.proto", import.meta.url), "utf8");
  const values = proto.matchAll(/\/\/ (?:Since (\d+\.\d+\.\d+)|Not supported yet)\.[\s\S]*?\n {2}FEATURE_(\w+) = \d+;/g);
  const found = Object.fromEntries([...values].map(([, since, name = ""]) => [name.toLowerCase(), since]));
  assert.deepEqual(found, FEATURES);
  assert.ok(SUPPORTED.every((name) => FEATURES[name] !== undefined));
  assert.equal(proto.match(/^ {2}FEATURE_/gm)?.length, Object.keys(FEATURES).length + 1);
});

it("every hello names the features of the client, and the welcome those of the server", async () => {
  const server = new FakeServer();
  server.welcome = { ...server.welcome, features: ["envelope_hints", "of_a_newer_version"] };
  const session = await connect("http://wigwag.test", { transport: server.transport });
  assert.deepEqual(session.welcome.features, ["envelope_hints", "of_a_newer_version"]);
  // A server of another version after a reconnect.
  delete server.welcome.features;
  server.session().connection?.fail(new Error("cut"));
  await until(() => server.hellos.length === 2 && session.state === "connected");
  assert.deepEqual(session.welcome.features, []);
  for (const hello of server.hellos) assert.deepEqual(hello.features, SUPPORTED);
  assert.ok(server.hellos[1]?.resume);
  await session.close();
});
