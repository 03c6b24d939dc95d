// examples/node-bot over native gRPC, in a room with pages in Chromium over WebSocket.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { startServer, type WigwagServer } from "../../../clients/typescript/test/server/wigwag-server.js";
import { Pages } from "../lib/browser.js";
import type { TestPage } from "../lib/page.js";
import { Program } from "../lib/program.js";

declare const page: TestPage;

const BOT = fileURLToPath(new URL("../../../examples/node-bot/bot.mjs", import.meta.url));

describe("node-bot", { timeout: 120_000 }, () => {
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

  async function startBot(room: string, url = server.url): Promise<Program> {
    const bot = new Program(process.execPath, [BOT, room], { WIGWAG_URL: url });
    await bot.prints(`joined "${room}"`);
    return bot;
  }

  async function openPage(room: string, name: string): Promise<Page> {
    const opened = await pages.open();
    await opened.evaluate(([url, room, name]) => page.join(url, room, name), [server.url, room, name] as const);
    return opened;
  }

  const nextText = (of: Page) => of.evaluate(() => page.nextText());

  it("greets members that are there and that join, and relays texts", async () => {
    const ada = await openPage("lobby", "Ada");
    const bot = await startBot("lobby");
    assert.match(bot.output, /connected over grpc as \w{26}/);
    assert.equal(await nextText(ada), "Welcome, Ada! Members besides you: 1");
    const bob = await openPage("lobby", "Bob");
    assert.equal(await nextText(bob), "Welcome, Bob! Members besides you: 2");
    // The bot ignores texts that are not a command.
    await ada.evaluate(() => page.tell("Bot", "good morning"));
    await ada.evaluate(() => page.tell("Bot", "/say good morning\neverybody"));
    assert.equal(await nextText(bob), "Ada says: good morning\neverybody");
    await bob.evaluate(() => page.tell("Bot", "/say good evening"));
    assert.equal(await nextText(ada), "Bob says: good evening");
    assert.equal(await bot.stop(), 0, bot.output);
    await ada.evaluate(() => page.gone("Bot"));
    await Promise.all([ada, bob].map((one) => one.context().close()));
  });

  it("exits when it is removed", async () => {
    const ada = await openPage("removes", "Ada");
    const bot = await startBot("removes");
    await nextText(ada);
    await ada.evaluate(() => page.remove("Bot"));
    assert.equal(await bot.ended(), 0, bot.output);
    assert.match(bot.output, /no longer a member: REMOVED/);
    await ada.context().close();
  });

  it("joins again when the server was restarted and no longer knows its session", async () => {
    const first = await startServer();
    const bot = await startBot("again", first.url);
    await first.stop("SIGKILL");
    await bot.prints("the connection was lost");
    const second = await startServer({ port: first.port });
    await bot.prints(/the session was lost \(\w+\): joining again\njoined "again"/);
    assert.equal(await bot.stop(), 0, bot.output);
    await second.stop();
  });

  it("reports why it cannot connect", async () => {
    const bot = new Program(process.execPath, [BOT], { WIGWAG_URL: "http://127.0.0.1:9" });
    assert.equal(await bot.ended(), 1);
    assert.match(bot.output, /node-bot: UNREACHABLE/);
  });
});
