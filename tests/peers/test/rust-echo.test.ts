// examples/rust-echo against pages in Chromium: each message that a page sends through its data channel is echoed.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { startServer, type WigwagServer } from "../../../clients/typescript/test/server/wigwag-server.js";
import { Pages } from "../lib/browser.js";
import type { TestPage } from "../lib/page.js";
import { Program } from "../lib/program.js";

declare const page: TestPage;

const ECHO = process.env["WIGWAG_RUST_ECHO"] || fileURLToPath(new URL("../../../target/debug/rust-echo", import.meta.url));
/** Message sizes in bytes, from 1 (str0m 0.25 cannot send empty messages) to the largest that a browser may send. */
const SIZES = [1, 1_000, 16_384, 65_536, 262_144, 1];
/** Three megabytes, which is more than channels buffer. */
const MANY = Array.from({ length: 192 }, () => 16_384);

describe("rust-echo", { timeout: 120_000 }, () => {
  let server: WigwagServer;
  let pages: Pages;

  before(async () => {
    [server, pages] = await Promise.all([startServer(), Pages.start()]);
  });
  after(async () => {
    await Program.killAll();
    await pages.stop();
    await server.stop();
  });

  /** Starts the example in a room. */
  async function startEcho(room: string, address = "127.0.0.1"): Promise<Program> {
    const echo = new Program(ECHO, [room], { WIGWAG_URL: server.url, WIGWAG_ECHO_ADDRESS: address });
    await echo.prints(`joined "${room}"`);
    return echo;
  }

  async function openPage(room: string, name: string): Promise<Page> {
    const opened = await pages.open();
    await opened.evaluate(([url, room, name]) => page.join(url, room, name), [server.url, room, name] as const);
    return opened;
  }

  const echoes = (of: Page, sizes: number[], binary: boolean) =>
    of.evaluate(([sizes, binary]) => page.echo("Echo", sizes, binary), [sizes, binary] as const);
  const label = (of: Page) => of.evaluate(() => page.opened("Echo"));

  it("echoes to a page that finds it", async () => {
    const echo = await startEcho("finds");
    const ada = await openPage("finds", "Ada");
    assert.equal(await label(ada), "page");
    assert.deepEqual(await echoes(ada, SIZES, true), []);
    assert.deepEqual(await echoes(ada, SIZES, false), []);
    assert.deepEqual(await echoes(ada, MANY, true), []);
    assert.match(echo.output, /Ada: the channel "page" is open/);
    assert.equal(await echo.stop(), 0);
    await ada.evaluate(() => page.gone("Echo"));
    await ada.context().close();
  });

  it("offers a channel to a page that joined first", async () => {
    const ada = await openPage("first", "Ada");
    const echo = await startEcho("first");
    assert.equal(await label(ada), "echo");
    assert.deepEqual(await echoes(ada, SIZES, true), []);
    assert.equal(await echo.stop(), 0);
    await ada.context().close();
  });

  it("serves several pages while others join and leave", async () => {
    const echo = await startEcho("several");
    const [ada, bob, eve] = await Promise.all(["Ada", "Bob", "Eve"].map((name) => openPage("several", name)));
    assert.ok(ada && bob && eve);
    const all = await Promise.all([ada, bob, eve].map((one) => echoes(one, SIZES, true)));
    assert.deepEqual(all, [[], [], []]);
    // One page closes while the others exchange messages, which continue.
    const busy = [ada, eve].map((one) => echoes(one, MANY, true));
    await bob.context().close();
    await echo.prints("Bob: closed");
    assert.deepEqual(await Promise.all(busy), [[], []]);
    const newcomer = await openPage("several", "Bob");
    assert.deepEqual(await echoes(newcomer, SIZES, false), []);
    assert.equal(await echo.stop(), 0);
    await Promise.all([ada, eve, newcomer].map((one) => one.context().close()));
  });

  it("echoes to a page that opens a new connection in the same session", async () => {
    const echo = await startEcho("renew");
    const ada = await openPage("renew", "Ada");
    assert.deepEqual(await echoes(ada, SIZES, true), []);
    for (let time = 0; time < 3; time += 1) {
      await ada.evaluate(() => page.renew("Echo"));
      assert.deepEqual(await echoes(ada, SIZES, true), []);
    }
    assert.equal(await echo.stop(), 0);
    await ada.context().close();
  });

  it("exchanges encrypted signals with a page, and not with one that has another passphrase", async () => {
    const passphrase = "correct horse battery staple";
    const env = { WIGWAG_URL: server.url, WIGWAG_ECHO_PASSPHRASE: passphrase };
    const first = await pages.open();
    await first.evaluate(([url, secret]) => page.join(url, "sealed", "Ada", secret), [server.url, passphrase] as const);
    // The Rust peer finds Ada and makes the offer; Bob finds the Rust peer and makes the offer.
    const echo = new Program(ECHO, ["sealed"], env);
    await echo.prints('joined "sealed"');
    assert.equal(await label(first), "echo");
    assert.deepEqual(await echoes(first, SIZES, true), []);
    const second = await pages.open();
    await second.evaluate(([url, secret]) => page.join(url, "sealed", "Bob", secret), [server.url, passphrase] as const);
    assert.equal(await label(second), "page");
    assert.deepEqual(await echoes(second, SIZES, true), []);
    const outsider = await pages.open();
    await outsider.evaluate((url) => page.join(url, "sealed", "Eve", "another"), server.url);
    await echo.prints("WRONG_KEY");
    assert.equal(await echo.stop(), 0);
    await Promise.all([first, second, outsider].map((one) => one.context().close()));
  });

  it("reports invalid settings", async () => {
    const wrong = new Program(ECHO, [], { WIGWAG_URL: server.url, WIGWAG_ECHO_ADDRESS: "localhost" });
    assert.equal(await wrong.ended(), 1);
    assert.match(wrong.output, /WIGWAG_ECHO_ADDRESS/);
    const nowhere = new Program(ECHO, [], { WIGWAG_URL: "http://127.0.0.1:9" });
    assert.equal(await nowhere.ended(), 1);
    assert.match(nowhere.output, /UNREACHABLE/);
  });
});
