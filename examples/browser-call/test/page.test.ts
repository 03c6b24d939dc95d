import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { buildScript } from "../scripts/build.mjs";
import { tileSize } from "../src/layout.js";
import { flagOf, initials, personName, roomName } from "../src/names.js";

const SCRIPT = new URL("../dist/app.js", import.meta.url);
const LICENSES = new URL("../../../server/src/cli/licenses.txt", import.meta.url);

describe("the page", () => {
  it("has a committed script that is up to date (if this fails, run `npm run build`)", async () => {
    const fresh = mkdtempSync(join(tmpdir(), "wigwag-page-"));
    try {
      const built = join(fresh, "app.js");
      const packages = await buildScript(built);
      assert.ok(readFileSync(SCRIPT).equals(readFileSync(built)), "dist/app.js is stale");
      // The server holds the script, and prints the licenses of what is in it.
      const licenses = readFileSync(LICENSES, "utf8");
      const listed = [...licenses.matchAll(/^  (\S+) \S+ \(npm\): /gm)].map(([, name]) => name);
      assert.deepEqual(packages, listed, "PAGE_PACKAGES in tests/architecture/src/third_party.rs is stale");
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

describe("tiles", () => {
  const gap = 10;
  const stages = [
    { width: 900, height: 700 },
    { width: 374, height: 640 },
    { width: 760, height: 300 },
  ];

  it("of one to nine people fit the stage without a scroll bar, and are at least as wide as high", () => {
    for (const stage of stages) {
      for (let count = 1; count <= 9; count += 1) {
        const { width, height } = tileSize(stage, count, gap);
        const columns = Math.floor((stage.width + gap) / (width + gap));
        const rows = Math.ceil(count / columns);
        assert.ok(rows * height + (rows - 1) * gap <= stage.height + 0.01, `${count} in ${stage.width}×${stage.height}`);
        assert.ok(width >= height - 0.01 && width > 60, `${count} in ${stage.width}×${stage.height}: ${width}×${height}`);
      }
    }
  });

  it("of two people are side by side on a wide stage and one above the other on a high one", () => {
    assert.ok(tileSize({ width: 760, height: 300 }, 2, gap).width < 380);
    assert.ok(tileSize({ width: 374, height: 640 }, 2, gap).width > 300);
  });
});

describe("names", () => {
  it("of rooms cannot be guessed, and need no escaping in a link", () => {
    assert.match(roomName(), /^([a-z]+-){4}[0-9]{4}$/);
    assert.notEqual(roomName(), roomName());
  });

  it("of people have two words and two initials", () => {
    assert.match(personName(), /^[A-Z][a-z]+ [a-z]+$/);
    assert.equal(initials("Teal heron"), "TH");
    assert.equal(initials(""), "?");
  });

  it("of peers give each a flag that no other has, until all are taken", () => {
    const flags = new Set<number>();
    for (let peer = 0; peer < 9; peer += 1) flags.add(flagOf("7lsb5w6gdfm2ktaccf7mlxpifa", 9, flags));
    assert.equal(flags.size, 9);
    assert.ok(flagOf("7lsb5w6gdfm2ktaccf7mlxpifa", 9, flags) < 9);
  });
});
