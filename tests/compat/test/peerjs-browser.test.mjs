// The unmodified peerjs package in Chromium, configured only with host, port and path.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { servePages, launchBrowser } from "../lib/browser.mjs";
import { startReference, startServer } from "../lib/server.mjs";

let server, pages, browser;
before(async () => {
  server = await startServer("compat.peerjs_discovery=true");
  pages = await servePages({ "/peerjs.js": ["peerjs", "dist/peerjs.min.js"] });
  browser = await launchBrowser();
});
after(async () => {
  await browser.close();
  pages.close();
  await server.stop();
});

/** Opens a page with a peer of that id, or with an id from the server. The server is this one unless a port is given. */
async function openPeer(id, port = server.port) {
  const page = await browser.newPage();
  await page.goto(pages.url);
  await page.addScriptTag({ url: "/peerjs.js" });
  page.peerId = await page.evaluate(
    ([id, port]) =>
      new Promise((resolve, reject) => {
        const options = { host: "127.0.0.1", port, path: "/peerjs" };
        window.peer = id === undefined ? new Peer(options) : new Peer(id, options);
        window.peer.once("open", resolve);
        window.peer.once("error", (error) => reject(new Error(error.type)));
      }),
    [id, port],
  );
  return page;
}

for (const name of ["this server", "the peer package"]) {
  test(`arguments that cannot work do not disconnect a peer: ${name}`, async () => {
    const reference = name === "this server" ? undefined : await startReference("peer-server.mjs");
    const [ada, bob] = [await openPeer("odd-ada", reference?.port), await openPeer("odd-bob", reference?.port)];
    const seen = await ada.evaluate(async () => {
      const { peer } = window;
      const unavailable = new Set();
      const done = new Promise((resolve) => {
        peer.on("error", ({ type, message }) => {
          unavailable.add(type === "peer-unavailable" ? message.length : type);
          if (unavailable.size === 2) resolve();
        });
      });
      const ids = [42, "", undefined, "x".repeat(300)];
      for (const id of ids) peer.connect(id);
      peer.connect("odd-bob", { metadata: "x".repeat(100_000) });
      peer.connect("odd-bob", { label: "half an emoji: \ud83d" });
      await done;
      return { types: [...unavailable].filter((type) => typeof type === "string"), disconnected: peer.disconnected, destroyed: peer.destroyed };
    });
    assert.deepEqual(seen, { types: [], disconnected: false, destroyed: false });
    await bob.evaluate(() => window.peer.on("connection", (connection) => connection.on("open", () => connection.send("hello"))));
    const heard = await ada.evaluate(() => new Promise((resolve) => window.peer.connect("odd-bob").on("data", resolve)));
    assert.equal(heard, "hello");
    await Promise.all([ada.close(), bob.close()]);
    await reference?.stop();
  });
}

test("two pages open a data connection, and it carries bytes", async () => {
  const [ada, bob] = [await openPeer("ada"), await openPeer("bob")];
  await bob.evaluate(() => {
    window.peer.on("connection", (connection) => {
      connection.on("data", (data) => connection.send({ echo: data, label: connection.label, meta: connection.metadata }));
    });
  });
  const echo = await ada.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const connection = window.peer.connect("bob", { label: "chat", metadata: { from: "ada" } });
        connection.on("open", () => connection.send({ hello: [1, 2, 3] }));
        connection.on("data", resolve);
        window.peer.on("error", reject);
      }),
  );
  assert.deepEqual(echo, { echo: { hello: [1, 2, 3] }, label: "chat", meta: { from: "ada" } });
  await Promise.all([ada.close(), bob.close()]);
});

test("a page calls another and both see video", async () => {
  const [ada, bob] = [await openPeer(), await openPeer()];
  await bob.evaluate(() => {
    window.frames_seen = new Promise((resolve) => {
      window.peer.on("call", async (call) => {
        call.on("stream", (stream) => resolve(window.watch(stream)));
        call.answer(await navigator.mediaDevices.getUserMedia({ video: true, audio: true }));
      });
    });
  });
  for (const page of [ada, bob]) {
    await page.evaluate(() => {
      window.watch = (stream) =>
        new Promise((resolve) => {
          const video = document.createElement("video");
          video.muted = true;
          video.srcObject = stream;
          video.requestVideoFrameCallback(() => resolve(stream.getTracks().map(({ kind }) => kind).sort()));
          video.play();
        });
    });
  }
  const seen = await ada.evaluate(async (to) => {
    const call = window.peer.call(to, await navigator.mediaDevices.getUserMedia({ video: true, audio: true }));
    return new Promise((resolve) => call.on("stream", (stream) => resolve(window.watch(stream))));
  }, bob.peerId);
  assert.deepEqual(seen, ["audio", "video"]);
  assert.deepEqual(await bob.evaluate(() => window.frames_seen), ["audio", "video"]);
  await Promise.all([ada.close(), bob.close()]);
});

test("a page without path and key gets an id, lists the ids, and opens a data connection", async () => {
  const ada = await openPeer("plain-ada");
  await ada.evaluate(() => window.peer.on("connection", (connection) => connection.on("open", () => connection.send("hello"))));
  for (const key of ["undefined", "null"]) {
    const page = await browser.newPage();
    await page.goto(pages.url);
    await page.addScriptTag({ url: "/peerjs.js" });
    const { ids, heard } = await page.evaluate(
      async ([key, port]) => {
        const peer = new Peer({ host: "127.0.0.1", port, key: key === "null" ? null : undefined });
        await new Promise((resolve, reject) => {
          peer.once("open", resolve);
          peer.once("error", (error) => reject(new Error(error.type)));
        });
        const ids = await new Promise((resolve) => peer.listAllPeers(resolve));
        const heard = await new Promise((resolve) => peer.connect("plain-ada").on("data", resolve));
        return { ids, heard };
      },
      [key, server.port],
    );
    assert.ok(ids.includes("plain-ada"), ids.join());
    assert.equal(heard, "hello");
    await page.close();
  }
  await ada.close();
});

test("an id that is taken is unavailable", async () => {
  const ada = await openPeer("only-one");
  await assert.rejects(openPeer("only-one"), /unavailable-id/);
  await ada.close();
});

test("a peer that is not there is unavailable", async () => {
  const ada = await openPeer();
  const type = await ada.evaluate(
    () =>
      new Promise((resolve) => {
        window.peer.on("error", (error) => resolve(error.type));
        window.peer.connect("nobody-here");
      }),
  );
  assert.equal(type, "peer-unavailable");
  await ada.close();
});

test("a peer that disconnected reconnects with its id and opens again", async () => {
  const ada = await openPeer("returning");
  const id = await ada.evaluate(
    () =>
      new Promise((resolve) => {
        window.peer.on("open", resolve);
        window.peer.on("disconnected", () => window.peer.reconnect());
        window.peer.disconnect();
      }),
  );
  assert.equal(id, "returning");
  await ada.close();
});

test("listAllPeers lists them", async () => {
  const [ada, bob] = [await openPeer("listed-1"), await openPeer("listed-2")];
  const ids = await ada.evaluate(() => new Promise((resolve) => window.peer.listAllPeers(resolve)));
  assert.ok(ids.includes("listed-1") && ids.includes("listed-2"), ids.join());
  await Promise.all([ada.close(), bob.close()]);
});
