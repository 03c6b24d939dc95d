// What a trusted proxy says about its clients: X-Forwarded-For by nginx, the PROXY protocol by HAProxy. The server denies one
// loopback address, from which a client reaches it through the proxy.
import assert from "node:assert/strict";
import { request } from "node:http";
import { describe, test } from "node:test";

import { startServer } from "../../compat/lib/server.mjs";
import { installed, startProxy } from "../lib/proxies.mjs";

const DENIED = "127.0.0.66";
const OTHER = "127.0.0.67";

/** Returns the status of a request from a loopback address; 0 if the connection is closed. */
function get(port, localAddress, headers = {}) {
  return new Promise((resolve) => {
    const call = request({ host: "127.0.0.1", port, localAddress, path: "/health", headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    call.on("error", () => resolve(0)).end();
  });
}

/** Starts a server that trusts the proxy, and the proxy. */
async function start(name, settings, server = {}) {
  const flags = { "connections.trusted_proxies": "127.0.0.1", "deny.addresses": DENIED, ...server };
  const started = await startServer(...Object.entries(flags).map(([key, value]) => `${key}=${value}`));
  const proxy = await startProxy(name, started.port, settings);
  return {
    proxy,
    async stop() {
      await proxy.stop();
      await started.stop();
    },
  };
}

test("nginx names the client in X-Forwarded-For", { skip: !installed("nginx") && "nginx is not installed" }, async () => {
  const { proxy, stop } = await start("nginx");
  try {
    assert.equal(await get(proxy.web, DENIED), 403);
    assert.equal(await get(proxy.web, OTHER), 200);
    // nginx replaces what the client sends, and passes this header on.
    assert.equal(await get(proxy.web, OTHER, { "x-forwarded-for": DENIED }), 200);
    assert.equal(await get(proxy.web, DENIED, { forwarded: `for=${OTHER}` }), 403);
  } finally {
    await stop();
  }
});

describe("HAProxy names the client in the PROXY protocol", { skip: !installed("haproxy") && "haproxy is not installed" }, () => {
  for (const send of ["send-proxy", "send-proxy-v2"]) {
    test(send, async () => {
      const { proxy, stop } = await start("haproxy", { send }, { "connections.proxy_protocol": "required" });
      try {
        assert.equal(await get(proxy.web, DENIED), 0);
        assert.equal(await get(proxy.web, OTHER), 200);
        // Nothing that the client writes itself counts.
        assert.equal(await get(proxy.web, OTHER, { "x-forwarded-for": DENIED }), 200);
      } finally {
        await stop();
      }
    });
  }
});
