import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isTooLarge } from "../src/frame-size.js";

const text = (text: string) => ({ envelope: { room: "demo", message: { text } } });
const binary = (bytes: number) => ({ envelope: { room: "demo", message: { binary: Buffer.alloc(bytes).toString("base64") } } });

describe("a frame", () => {
  it("in JSON is measured exactly, as the server does", () => {
    const around = JSON.stringify({ seq: 2 ** 32 - 1, ack: 2 ** 32 - 1, ...text("") }).length;
    for (const [letter, bytes] of [["x", 1], ["ü", 2], ["⚑", 3], ["\n", 2], ["\u0001", 6]] as const) {
      const count = Math.floor((65_536 - around) / bytes);
      assert.equal(isTooLarge(text(letter.repeat(count)), 65_536, true), false, letter);
      assert.equal(isTooLarge(text(letter.repeat(count + 1)), 65_536, true), true, letter);
    }
  });

  it("in protobuf is refused when its payload alone is too large, and otherwise left to the server", () => {
    assert.equal(isTooLarge(text("x".repeat(65_000)), 65_536, false), false);
    assert.equal(isTooLarge(text("x".repeat(65_537)), 65_536, false), true);
    assert.equal(isTooLarge(text("ü".repeat(32_769)), 65_536, false), true);
    // In JSON these bytes take a third more.
    assert.equal(isTooLarge(binary(60_000), 65_536, false), false);
    assert.equal(isTooLarge(binary(60_000), 65_536, true), true);
    assert.equal(isTooLarge(binary(65_540), 65_536, false), true);
  });
});
