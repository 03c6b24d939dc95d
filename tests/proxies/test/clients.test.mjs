// Clients of other libraries, each against the server and through Envoy: they join a room and exchange messages with a
// member that uses grpc-js. Those that are not installed are skipped.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startServer } from "../../compat/lib/server.mjs";
import { REQUESTING, STREAMING, framesOf, installed, join as joinWith, request, run } from "../lib/clients.mjs";
import { channel, join } from "../lib/grpc.mjs";
import { installed as proxyInstalled, startProxy } from "../lib/proxies.mjs";

for (const through of ["no proxy", "Envoy"]) {
  const skip = through === "Envoy" && !proxyInstalled("envoy") && "envoy is not installed";
  describe(`through ${through}`, { skip }, () => {
    let server;
    let proxy;
    let port;
    let client;
    before(async () => {
      server = await startServer();
      if (through === "Envoy") proxy = await startProxy("envoy", server.port);
      port = proxy?.grpc ?? server.port;
      client = channel(port);
    });
    after(async () => {
      client.close();
      await proxy?.stop();
      await server.stop();
    });

    for (const [program, { missing }] of Object.entries(STREAMING)) {
      test(program, { skip: missing, timeout: 60_000 }, async () => {
        const bob = await join(client, program);
        const ada = await joinWith(program, port, program);
        try {
          for (let number = 0; number < 20; number++) {
            ada.send(bob.id, `to Bob ${number}`);
            assert.equal((await bob.take("envelope")).message.text, `to Bob ${number}`);
            bob.send(ada.id, `to Ada ${number}`);
            assert.equal((await ada.take("envelope")).message.text, `to Ada ${number}`);
          }
          assert.equal(await ada.end(), "0");
        } finally {
          ada.kill();
          bob.cancel();
        }
      });
    }

    for (const [program, { times }] of Object.entries(REQUESTING)) {
      test(program, { skip: !installed(program) && `${program} is not installed`, timeout: 60_000 }, async () => {
        const bob = await join(client, program);
        const frames = [{ join: { room: program } }, { envelope: { room: program, to: bob.id, message: { text: `from ${program}` } } }];
        const printed = await request(program, port, frames);
        for (let taken = 0; taken < times; taken++) {
          assert.equal((await bob.take("envelope")).message.text, `from ${program}`);
        }
        if (times === 1) {
          assert.ok(framesOf(printed)[0].welcome, "the response comes whole");
        } else {
          assert.match(printed.toString(), new RegExp(`${times} succeeded, 0 failed, 0 errored, 0 timeout`));
        }
        bob.cancel();
      });
    }

    test("curl calls REST over HTTP/2", { skip: !installed("curl") && "curl is not installed", timeout: 60_000 }, async () => {
      const call = async (...args) => {
        const print = ["--silent", "--show-error", "--http2-prior-knowledge", "--write-out", "\n%{http_version} %{http_code}"];
        return (await run("curl", [...print, ...args])).toString().split("\n");
      };
      const ready = await call(`http://127.0.0.1:${port}/ready`);
      assert.equal(ready.at(-1), "2 200");
      // RoomService is for callers on this machine, without a proxy between.
      const rooms = `http://127.0.0.1:${port}/v1/rooms`;
      if (proxy) {
        assert.equal((await call(rooms)).at(-1), "2 403");
        return;
      }
      const created = await call("--json", JSON.stringify({ room: "rest" }), rooms);
      assert.equal(created.at(-1), "2 200", created.join("\n"));
      const listed = await call(rooms);
      assert.equal(listed.at(-1), "2 200");
      assert.match(listed.slice(0, -1).join("\n"), /"rest"/);
      // Answered before the body was read. Through Envoy, which resets such a request at once, curl 7.88 has no answer.
      const early = await call("--data-binary", "x".repeat(100_000), `http://127.0.0.1:${port}/no/such/path`);
      assert.equal(early.at(-1), "2 404");
    });
  });
}
