// examples/python-peer against pages in Chromium and against the Rust peer.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { startServer, type WigwagServer } from "../../../clients/typescript/test/server/wigwag-server.js";
import { Pages } from "../lib/browser.js";
import type { TestPage } from "../lib/page.js";
import { Program } from "../lib/program.js";

declare const page: TestPage;

const RUN = fileURLToPath(new URL("../../../examples/python-peer/run.sh", import.meta.url));
const RUST = process.env["WIGWAG_RUST_ECHO"] || fileURLToPath(new URL("../../../target/debug/rust-echo", import.meta.url));
/** Message sizes in bytes, from empty to the largest that aiortc accepts. */
const SIZES = [0, 1, 1_000, 16_384, 65_536, 1];

describe("python-peer", { timeout: 120_000 }, () => {
  let server: WigwagServer;
  let pages: Pages;

  before(async () => {
    execFileSync(RUN, ["--prepare"], { stdio: "inherit" });
    [server, pages] = await Promise.all([startServer(), Pages.start()]);
  });
  after(async () => {
    await Program.killAll();
    await pages.stop();
    await server.stop();
  });

  const python = (...args: string[]) => new Program(RUN, args, { WIGWAG_ADDRESS: `127.0.0.1:${server.port}` });

  /** Starts the example in a room. */
  async function startPython(room: string): Promise<Program> {
    const peer = python(room);
    await peer.prints(`joined '${room}'`);
    return peer;
  }

  async function openPage(room: string, name: string): Promise<Page> {
    const opened = await pages.open();
    await opened.evaluate(([url, room, name]) => page.join(url, room, name), [server.url, room, name] as const);
    return opened;
  }

  const echoes = (of: Page, binary: boolean) =>
    of.evaluate(([sizes, binary]) => page.echo("Python", sizes, binary), [SIZES, binary] as const);

  it("echoes to pages that find it, and continues when one leaves", async () => {
    const peer = await startPython("finds");
    const [ada, bob] = await Promise.all(["Ada", "Bob"].map((name) => openPage("finds", name)));
    assert.ok(ada && bob);
    assert.deepEqual(await Promise.all([echoes(ada, true), echoes(bob, false)]), [[], []]);
    await bob.evaluate(() => page.leave());
    await peer.prints("Bob: closed");
    assert.deepEqual(await echoes(ada, false), []);
    assert.equal(await peer.stop(), 0, peer.output);
    await ada.evaluate(() => page.gone("Python"));
    await Promise.all([ada.context().close(), bob.context().close()]);
  });

  it("offers a channel to a page that joined first", async () => {
    const ada = await openPage("first", "Ada");
    const peer = await startPython("first");
    assert.equal(await ada.evaluate(() => page.opened("Python")), "python");
    assert.deepEqual(await echoes(ada, true), []);
    assert.equal(await peer.stop(), 0, peer.output);
    await ada.context().close();
  });

  it("asks the Rust peer, which answers", async () => {
    const echo = new Program(RUST, ["ask"], { WIGWAG_URL: server.url });
    await echo.prints('joined "ask"');
    const peer = python("ask", "--say", "good morning");
    // aiortc offers the addresses of this machine, which can reach the Rust peer's.
    assert.equal(await peer.ended(), 0, peer.output);
    assert.match(peer.output, /Echo answers 'good morning'/);
    await echo.prints("Python: closed");
    assert.equal(await echo.stop(), 0);
  });

  it("reports the server's error", async () => {
    const refused = python("x".repeat(129));
    assert.equal(await refused.ended(), 1);
    assert.match(refused.output, /INVALID_FIELD/);
  });
});
