import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { buildPage } from "../scripts/build.mjs";
import { flagOf, initials, personName, roomName } from "../src/names.js";

const FILES = ["app.js", "index.html", "style.css"];
const dist = fileURLToPath(new URL("../dist", import.meta.url));

describe("the committed page", () => {
  it("is what its sources build: else run `npm run build`", async () => {
    const fresh = mkdtempSync(join(tmpdir(), "wigwag-page-"));
    try {
      await buildPage(fresh);
      assert.deepEqual(readdirSync(dist).sort(), FILES);
      for (const file of FILES) {
        assert.ok(readFileSync(join(dist, file)).equals(readFileSync(join(fresh, file))), `dist/${file} is stale`);
      }
    } finally {
      rmSync(fresh, { recursive: true });
    }
  });

  it("has nothing that a content security policy of 'self' refuses", () => {
    const html = readFileSync(join(dist, "index.html"), "utf8");
    assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|javascript:|https?:/);
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)/);
    assert.doesNotMatch(readFileSync(join(dist, "style.css"), "utf8"), /@import|url\(/);
  });

  it("asks for nothing from elsewhere", () => {
    assert.doesNotMatch(readFileSync(join(dist, "app.js"), "utf8"), /\b(eval|new Function)\(|cdn|unpkg|jsdelivr/);
  });
});

describe("names", () => {
  it("of rooms cannot be guessed, and fit into a link as they are", () => {
    assert.match(roomName(), /^[a-z]+-[a-z]+-[0-9a-f]{12}$/);
    assert.notEqual(roomName(), roomName());
  });

  it("of people have two words and two initials", () => {
    assert.match(personName(), /^[A-Z][a-z]+ [a-z]+$/);
    assert.equal(initials("Teal heron"), "TH");
    assert.equal(initials(""), "?");
  });

  it("of peers lead to the same flag everywhere", () => {
    assert.equal(flagOf("7lsb5w6gdfm2ktaccf7mlxpifa", 6), flagOf("7lsb5w6gdfm2ktaccf7mlxpifa", 6));
    assert.ok(flagOf("", 6) < 6);
  });
});
