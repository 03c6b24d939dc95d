import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

import { launchOptions } from "../../browser/launch-options.mjs";
import { startServer } from "../../compat/lib/server.mjs";

let server;
let browser;
before(async () => {
  server = await startServer();
  browser = await chromium.launch(launchOptions({ loopbackIce: true, mdns: false }));
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Opens a page of the server and collects its errors. */
async function page(path) {
  const page = await browser.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  await page.goto(`http://${server.host}${path}`);
  return { page, wrong };
}

test("two peers find each other over the JSON form and open a data channel", async () => {
  const { page: tab } = await page("/docs");
  const said = await tab.evaluate(async () => {
    const peer = (name) => {
      const socket = new WebSocket(`ws://${location.host}/v1/signal`, "wigwag.v1.json");
      const connection = new RTCPeerConnection();
      const send = (frame) => socket.send(JSON.stringify(frame));
      const signal = (to, payload) => send({ envelope: { room: "browser", to, ...payload } });
      const start = (to) => {
        connection.onicecandidate = ({ candidate }) => signal(to, { candidate: candidate?.toJSON() ?? { candidate: "" } });
      };
      const joined = new Promise((resolve) => {
        socket.onopen = () => send({ join: { room: "browser", displayName: name } });
        socket.onmessage = async ({ data }) => {
          const frame = JSON.parse(data);
          if (frame.joined) resolve({ members: frame.joined.members ?? [] });
          if (!frame.envelope) return;
          const { from, description, candidate } = frame.envelope;
          if (description) {
            start(from);
            await connection.setRemoteDescription(description);
            if (description.type === "offer") {
              await connection.setLocalDescription();
              signal(from, { description: connection.localDescription.toJSON() });
            }
          }
          if (candidate) await connection.addIceCandidate(candidate);
        };
      });
      return { connection, joined, signal, start };
    };
    const ada = peer("Ada");
    await ada.joined;
    const received = new Promise((resolve) => {
      ada.connection.ondatachannel = ({ channel }) => {
        channel.onmessage = ({ data }) => resolve(data);
      };
    });
    const bob = peer("Bob");
    const { members } = await bob.joined;
    const channel = bob.connection.createDataChannel("data");
    channel.onopen = () => channel.send("hello");
    bob.start(members[0].peerId);
    await bob.connection.setLocalDescription();
    bob.signal(members[0].peerId, { description: bob.connection.localDescription.toJSON() });
    return received;
  });
  assert.equal(said, "hello");
});

test("a browser receives the reason of a close, even without a subprotocol", async () => {
  const { page: tab } = await page("/docs");
  const seen = await tab.evaluate(async () => {
    const socket = new WebSocket(`ws://${location.host}/v1/signal`);
    const frames = [];
    socket.onmessage = ({ data }) => frames.push(JSON.parse(data));
    const { code, reason } = await new Promise((resolve) => (socket.onclose = resolve));
    return { code, reason, error: frames[0].error };
  });
  assert.deepEqual([seen.code, seen.reason, seen.error.reason], [4506, "PROTOCOL", "PROTOCOL"]);
  assert.match(seen.error.message, /wigwag\.v1\.json/);
});

test("the documentation page shows every operation of the REST API", async () => {
  const { page: tab, wrong } = await page("/docs");
  await tab.waitForSelector("#RemoveMember");
  const operations = await tab.$$eval("#rest article", (articles) => articles.map((article) => article.id));
  const { paths } = await server.json("/openapi.json");
  const described = Object.values(paths).flatMap((methods) => Object.values(methods).map((method) => method.operationId));
  assert.deepEqual(operations, described);
  assert.equal(operations.length, 13);
  await tab.click("#GetRoom summary:has-text('Answers')");
  await tab.click("#GetRoom a[href='#message-GetRoomResponse']");
  await tab.click("#message-GetRoomResponse a[href='#message-RoomInfo']");
  assert.equal(await tab.$eval("#message-RoomInfo", (details) => details.open), true);
  assert.deepEqual(wrong, []);
});
