import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { buildScript } from "../scripts/build.mjs";
import { flagOf, initials, personName, roomName } from "../src/names.js";

const SCRIPT = new URL("../dist/app.js", import.meta.url);

describe("the page", () => {
  it("has a committed script that is up to date (if this fails, run `npm run build`)", async () => {
    const fresh = mkdtempSync(join(tmpdir(), "wigwag-page-"));
    try {
      const built = join(fresh, "app.js");
      await buildScript(built);
      assert.ok(readFileSync(SCRIPT).equals(readFileSync(built)), "dist/app.js is stale");
    } finally {
      rmSync(fresh, { recursive: true });
    }
  });

  it("complies with a content security policy of 'self'", () => {
    const html = readFileSync(new URL("../src/index.html", import.meta.url), "utf8");
    assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|javascript:|https?:/);
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)/);
    assert.doesNotMatch(readFileSync(new URL("../src/style.css", import.meta.url), "utf8"), /@import|url\(/);
  });

  it("loads nothing from other origins", () => {
    assert.doesNotMatch(readFileSync(SCRIPT, "utf8"), /\b(eval|new Function)\(|cdn|unpkg|jsdelivr/);
  });
});

describe("names", () => {
  it("of rooms cannot be guessed, and need no escaping in a link", () => {
    assert.match(roomName(), /^[a-z]+-[a-z]+-[0-9a-f]{12}$/);
    assert.notEqual(roomName(), roomName());
  });

  it("of people have two words and two initials", () => {
    assert.match(personName(), /^[A-Z][a-z]+ [a-z]+$/);
    assert.equal(initials("Teal heron"), "TH");
    assert.equal(initials(""), "?");
  });

  it("of peers give the same flag in every tab", () => {
    assert.equal(flagOf("7lsb5w6gdfm2ktaccf7mlxpifa", 6), flagOf("7lsb5w6gdfm2ktaccf7mlxpifa", 6));
    assert.ok(flagOf("", 6) < 6);
  });
});
