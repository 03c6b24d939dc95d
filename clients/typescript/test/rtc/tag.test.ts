import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionId, readTag, writeTag } from "../../src/rtc/tag.js";

const SDP = "v=0\r\no=- 4711 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n";

describe("the tag of a session description", () => {
  it("survives a round trip, and leaves the description unchanged", () => {
    const first = { type: "offer", from: "aa", number: 1, to: undefined } as const;
    const later = { type: "offer", from: "aa", number: 7, to: "bb" } as const;
    const answer = { type: "answer", from: "bb", to: "aa", number: 7 } as const;
    for (const tag of [first, later, answer]) {
      assert.deepEqual(readTag(tag.type, writeTag(SDP, tag)), { tag, sdp: SDP });
    }
  });

  it("is before the first media section, where session-level attributes belong", () => {
    const sdp = writeTag(SDP, { type: "offer", from: "aa", number: 1 });
    assert.ok(sdp.indexOf("a=x-wigwag:offer aa 1\r\n") > sdp.indexOf("t=0 0"));
    assert.ok(sdp.indexOf("a=x-wigwag") < sdp.indexOf("m=audio"));
    assert.equal(readTag("offer", writeTag("v=0\r\n", { type: "offer", from: "aa", number: 1 })).sdp, "v=0\r\n");
  });

  it("is taken from the origin line if another client wrote none, or an invalid one", () => {
    for (const sdp of [SDP, SDP.replace("m=", "a=x-wigwag:\r\nm="), SDP.replace("m=", "a=x-wigwag:answer b a 1\r\nm=")]) {
      assert.deepEqual(readTag("offer", sdp).tag, { type: "offer", from: "o=4711", number: 0 });
    }
    assert.deepEqual(readTag("answer", SDP).tag, { type: "answer", from: "o=4711", to: undefined, number: 0 });
    assert.equal((readTag("offer", writeTag(SDP, { type: "offer", from: "aa", number: -3 })).tag).number, 0);
  });

  it("is different for every connection", () => {
    assert.equal(new Set(Array.from({ length: 1_000 }, connectionId)).size, 1_000);
  });
});
