// A Rust peer over native gRPC and a page in Chromium over gRPC-Web exchange signals in one room, in both directions. The
// page's origin is not the server's.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { serveScript, type Site } from "../../../../clients/typescript/test/browser/site.js";
import { startServer, type WigwagServer } from "../../../../clients/typescript/test/server/wigwag-server.js";
import { launch } from "./tabs.js";

const PEER = process.env["WIGWAG_TWO_PEERS"] ?? path("../../../../target/debug/two-peers");
const CANDIDATES = ["candidate:1 1 udp 2122260223 127.0.0.1 50001 typ host", "candidate:1 1 udp 2122260223 127.0.0.1 50002 typ host"];

let server: WigwagServer;
let browser: Browser;
let site: Site;

before(async () => {
  [server, browser, site] = await Promise.all([
    startServer(),
    launch({ camera: false }),
    serveScript({ file: new URL("rust-peer-page.ts", import.meta.url) }),
  ]);
});
after(async () => {
  await browser.close();
  site.stop();
  await server.stop();
});

describe("a Rust peer and a page", { timeout: 60_000 }, () => {
  it("meet when the page was there first: the Rust peer offers", async () => {
    const page = await openPage();
    const rust = runPeer();
    const output = await rust.ended;
    assert.match(output, /found Chromium, sending an offer/);
    assert.match(output, /got an answer, sending a text/);
    assert.match(output, /the text was Delivered/);
    const received = await payloads(page, 5);
    assert.equal(received[0].description.type, "offer");
    assert.deepEqual(received.slice(1, 4).map(candidate), [...CANDIDATES, ""]);
    assert.deepEqual(received[4], { text: "hello from Ada" });
    await close(page);
  });

  it("meet when the Rust peer was there first: the page offers", async () => {
    const rust = runPeer();
    await rust.says("waiting for another peer");
    const page = await openPage();
    const output = await rust.ended;
    assert.match(output, /Chromium joined/);
    assert.match(output, /got an offer of \d+ bytes, answering/);
    assert.match(output, /got candidate:1 1 udp 1 127\.0\.0\.1 9 typ host/);
    assert.match(output, /got the last candidate/);
    assert.match(output, /got the text "hello from Chromium"/);
    const received = await payloads(page, 4);
    assert.equal(received[0].description.type, "answer");
    assert.deepEqual(received.slice(1).map(candidate), [...CANDIDATES, ""]);
    await close(page);
  });
});

/** Opens the page and waits until it has joined. */
async function openPage(): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${site.url}?server=${encodeURIComponent(server.url)}`);
  await page.locator('body[data-state="joined"]').waitFor({ state: "attached" });
  return page;
}

/** Leaves the room, then closes the page. */
async function close(page: Page): Promise<void> {
  await page.evaluate("leave()");
  await page.context().close();
}

/** Waits until the page has received this number of payloads, and returns them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function payloads(page: Page, count: number): Promise<any[]> {
  await page.locator("li.received").nth(count - 1).waitFor({ state: "attached" });
  const lines = await page.locator("li.received").allTextContents();
  assert.equal(lines.length, count);
  return lines.map((line) => JSON.parse(line));
}

function candidate(payload: { candidate: { candidate: string } }): string {
  return payload.candidate.candidate;
}

/** Runs the example as Ada. */
function runPeer() {
  const child = spawn(PEER, ["Ada"], {
    env: { ...process.env, WIGWAG_URL: server.url },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = once(child, "exit").then(([code]) => {
    assert.equal(code, 0, output);
    return output;
  });
  const says = async (text: string) => {
    while (!output.includes(text)) await once(child.stdout, "data");
  };
  return { ended, says };
}

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
