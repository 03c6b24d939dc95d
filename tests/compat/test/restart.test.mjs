// Old and new versions of the clients, while their server gets SIGTERM and starts again on the same port: they come back
// by themselves, as with the servers that they were written for.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launchBrowser, servePages } from "../lib/browser.mjs";
import { Inbox } from "../lib/inbox.mjs";
import { startReference, startServer, startServerAt } from "../lib/server.mjs";

/** Longest time for a client to come back. Their delays between attempts grow up to five seconds. */
const BACK_MS = 20_000;

const ours = { name: "this server", start: (port) => (port ? startServerAt(port) : startServer()) };
const reference = (name, script) => ({ name, start: (port) => startReference(script, port) });

describe("socket.io-client", () => {
  const versions = ["socket.io-client-3.0.5", "socket.io-client-3.1.3", "socket.io-client-4.0.2", "socket.io-client-4.4.1", "socket.io-client"];
  for (const { name, start } of [ours, reference("the socket.io package", "socketio-server.mjs")]) {
    test(name, async () => {
      let server = await start();
      const clients = [];
      for (const version of versions) {
        const { default: io } = await import(version);
        for (const transport of ["websocket", "polling"]) {
          const socket = io(`http://${server.host}`, { forceNew: true, transports: [transport], reconnectionDelay: 100, reconnectionDelayMax: 500 });
          const inbox = new Inbox();
          socket.onAny((event, data) => inbox.put({ event, data }));
          socket.on("disconnect", (data) => inbox.put({ event: "disconnect", data }));
          const what = (event) => `${event} at ${version} over ${transport}`;
          const next = async (event) => (await inbox.take((message) => message.event === event, what(event), BACK_MS)).data;
          clients.push({ socket, next });
        }
      }
      for (const client of clients) client.first = await client.next("your_id");
      await server.stop();
      for (const { next } of clients) {
        const reason = await next("disconnect");
        assert.ok(["transport close", "transport error"].includes(reason), reason);
      }
      server = await start(server.port);
      for (const client of clients) {
        client.id = await client.next("your_id");
        assert.notEqual(client.id, client.first);
      }
      for (const [at, { socket }] of clients.entries()) {
        const other = clients[(at + 1) % clients.length];
        socket.emit("send_ice", { target: other.id, candidate: `candidate:${at}`, mid: "0" });
        assert.equal((await other.next("send_ice")).candidate, `candidate:${at}`);
      }
      for (const { socket } of clients) socket.close();
      await server.stop();
    });
  }
});

describe("peerjs", () => {
  const versions = {
    "0.3.20": ["peerjs-0.3.20", "dist/peer.min.js"],
    "1.0.0": ["peerjs-1.0.0", "dist/peerjs.min.js"],
    "1.2.0": ["peerjs-1.2.0", "dist/peerjs.min.js"],
    "1.3.2": ["peerjs-1.3.2", "dist/peerjs.min.js"],
    "1.4.7": ["peerjs-1.4.7", "dist/peerjs.min.js"],
    "1.5.5": ["peerjs", "dist/peerjs.min.js"],
  };
  let pages, browser;
  before(async () => {
    const files = Object.entries(versions).map(([version, file]) => [`/${version}.js`, file]);
    pages = await servePages(Object.fromEntries(files));
    browser = await launchBrowser();
  });
  after(async () => {
    await browser.close();
    pages.close();
  });

  /** Opens a page with two peers, which reconnect when they are disconnected, as PeerJS's documentation says. */
  async function openPage(version, port) {
    const page = await browser.newPage();
    await page.goto(pages.url);
    await page.addScriptTag({ url: `/${version}.js` });
    await page.evaluate(
      ([name, port]) => {
        window.opened = [0, 0];
        window.log = [];
        window.peers = ["a", "b"].map((end, at) => {
          const peer = new Peer(`${name}-${end}`, { host: "127.0.0.1", port, path: "/peerjs" });
          peer.on("open", () => (window.opened[at] += 1));
          peer.on("error", (error) => window.log.push(error.type));
          peer.on("disconnected", () => setTimeout(() => peer.destroyed || peer.reconnect(), 200));
          return peer;
        });
      },
      [version.replaceAll(".", "-"), port],
    );
    const until = async (times) => {
      try {
        await page.waitForFunction((times) => window.opened.every((opened) => opened >= times), times, { timeout: BACK_MS });
      } catch {
        const seen = await page.evaluate(() => JSON.stringify([window.opened, window.log, window.peers.map(({ destroyed }) => destroyed)]));
        assert.fail(`peerjs ${version} did not open ${times} times: ${seen}`);
      }
    };
    await until(1);
    return { version, page, until };
  }

  for (const { name, start } of [ours, reference("the peer package", "peer-server.mjs")]) {
    test(name, async () => {
      let server = await start();
      const clients = await Promise.all(Object.keys(versions).map((version) => openPage(version, server.port)));
      await server.stop();
      server = await start(server.port);
      await Promise.all(clients.map(({ until }) => until(2)));
      // An offer of the one arrives at the other.
      for (const { version, page } of clients) {
        const from = await page.evaluate(() => {
          const [one, other] = window.peers;
          const connected = new Promise((resolve) => other.on("connection", (connection) => resolve(connection.peer)));
          // PeerJS does not repeat an offer, and old versions may connect once more just after they have reconnected.
          const offers = setInterval(() => one.connect(other.id), 3_000);
          one.connect(other.id);
          return Promise.race([connected, new Promise((resolve) => setTimeout(resolve, 15_000, "none"))]).finally(() => clearInterval(offers));
        });
        assert.equal(from, `${version.replaceAll(".", "-")}-a`, `peerjs ${version}`);
        await page.close();
      }
      await server.stop();
    });
  }
});
