// Unit tests of small modules.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { adviceFor } from "../src/advice.js";
import { Backoff } from "../src/backoff.js";
import { codeName, WigwagError } from "../src/error.js";
import { ErrorInfoSchema, RetryInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { fromConnect } from "../src/connect-error.js";
import { watchPage } from "../src/page.js";
import { decodePayload, encodePayload } from "../src/payload.js";
import { comparePeerIds } from "../src/peer-id.js";

describe("back-off", () => {
  it("is full jitter below a bound that doubles up to a cap", () => {
    const backoff = new Backoff(() => 1);
    const delays = Array.from({ length: 8 }, () => backoff.next());
    assert.deepEqual(delays, [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    backoff.reset();
    assert.equal(backoff.next(), 250);
    assert.equal(new Backoff(() => 0).next(), 0);
  });

  it("never waits less than the server asked for", () => {
    assert.equal(new Backoff(() => 0).next(3_000), 3_000);
    assert.equal(new Backoff(() => 1).next(3_000), 3_250);
  });
});

describe("peer ids", () => {
  it("compare byte by byte", () => {
    assert.ok(comparePeerIds("a", "b") < 0);
    assert.ok(comparePeerIds("ab", "a") > 0);
    assert.equal(comparePeerIds("é", "é"), 0);
    // In UTF-16 the emoji comes first: its surrogates are smaller than U+FF5E.
    assert.ok(comparePeerIds("～", "😀") < 0);
    assert.ok("～" > "😀");
  });
});

describe("payloads", () => {
  it("distinguish empty and absent fields of candidates", () => {
    assert.deepEqual(encodePayload({ candidate: null }), { candidate: { candidate: "" } });
    assert.deepEqual(encodePayload({ candidate: { candidate: "c", sdpMid: "", sdpMLineIndex: 0, usernameFragment: null } }), {
      candidate: { candidate: "c", sdpMid: "", sdpMLineIndex: 0 },
    });
  });

  it("accept browser objects, whose fields are on the prototype", () => {
    class Description {
      get type() {
        return "answer" as const;
      }
      get sdp() {
        return "v=0";
      }
    }
    assert.deepEqual(encodePayload({ description: new Description() }), { description: { type: "answer", sdp: "v=0" } });
  });

  it("carry any bytes", () => {
    const binary = Uint8Array.from({ length: 100_000 }, (_, n) => n % 256);
    assert.deepEqual(decodePayload(encodePayload({ binary })), { binary });
    assert.deepEqual(decodePayload(encodePayload({ sealed: new Uint8Array(0) })), { sealed: new Uint8Array(0) });
  });

  it("of an unknown kind are undefined", () => {
    assert.equal(decodePayload({ room: "r" }), undefined);
  });
});

describe("errors of calls", () => {
  const detail = (type: string, value: Uint8Array) => ({ type, value });

  it("have the server's reason, metadata and delay", () => {
    const failed = new ConnectError("slow down", Code.ResourceExhausted);
    failed.details = [
      detail(
        "google.rpc.ErrorInfo",
        toBinary(
          ErrorInfoSchema,
          create(ErrorInfoSchema, { reason: "RATE_LIMITED", domain: "wigwag", metadata: { limit: "5" } }),
        ),
      ),
      detail(
        "google.rpc.RetryInfo",
        toBinary(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: { seconds: 1n, nanos: 500_000_000 } })),
      ),
    ];
    const { code, reason, metadata, retryAfterMs, retryable, message } = fromConnect(failed);
    assert.deepEqual(
      { code, reason, metadata, retryAfterMs, retryable, message },
      {
        code: "RESOURCE_EXHAUSTED",
        reason: "RATE_LIMITED",
        metadata: { limit: "5" },
        retryAfterMs: 1_500,
        retryable: true,
        message: "slow down",
      },
    );
  });

  it("of a rate limit say which one and when to repeat the request", () => {
    const limited = WigwagError.fromFrame({
      code: 8,
      reason: "RATE_LIMITED",
      message: "more than session.joins_per_second (50) on average: wait 20 ms, and repeat the request",
      metadata: { setting: "session.joins_per_second", limit: "50" },
      retryAfterMs: 20,
      advice: "ADVICE_RETRY",
    });
    assert.equal(limited.code, "RESOURCE_EXHAUSTED");
    assert.equal(limited.retryable, true);
    assert.equal(limited.retryAfterMs, 20);
    assert.equal(limited.metadata.setting, "session.joins_per_second");
    // As the end of a connection: an established session waits and resumes, a first attempt is the application's to repeat.
    assert.notEqual(adviceFor(limited, { established: true, renewableToken: false }), "stop");
    assert.equal(adviceFor(limited, { established: false, renewableToken: false }), "stop");
  });

  it("of the network are a lost connection, and those of other servers say so", () => {
    assert.equal(fromConnect(new TypeError("network error")).reason, "CONNECTION_LOST");
    assert.equal(fromConnect("missing trailer").reason, "CONNECTION_LOST");
    assert.equal(fromConnect(new ConnectError("parse binary: …", Code.Internal)).reason, "PROTOCOL");
    const unknown = fromConnect(new ConnectError("HTTP 404", Code.Unimplemented));
    assert.equal(unknown.reason, "UNIMPLEMENTED");
    assert.equal(unknown.retryable, false);
  });
});

describe("advice", () => {
  const error = (reason: string, code: WigwagError["code"] = "UNAVAILABLE", advice?: WigwagError["advice"]) =>
    new WigwagError(reason, { reason, code, advice });
  const known = { established: true, renewableToken: false };

  it("of the server is followed, except that a superseded session never reconnects", () => {
    assert.equal(adviceFor(error("NEW_REASON", "INTERNAL", "stop"), known), "stop");
    assert.equal(adviceFor(error("NEW_REASON", "INTERNAL", "rejoin"), known), "rejoin");
    assert.equal(adviceFor(error("SUPERSEDED", "ABORTED", "resume"), known), "stop");
  });

  it("without the server's is that of the documented table", () => {
    const page = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    const table = /### Errors without advice\n([^]*?)\n## /.exec(page)?.[1] ?? "";
    const what: Record<string, string> = { stops: "stop", "opens a new session and reports a reset": "rejoin", resumes: "resume" };
    const names = (cell = "") => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name ?? "");
    const codes: string[] = [];
    let reasons = 0;
    for (const line of table.split("\n")) {
      const [, first = "", ofReasons, ofCodes] = line.split("|").map((cell) => cell.trim());
      const expected = what[first];
      if (!expected) continue;
      for (const reason of names(ofReasons)) {
        reasons++;
        for (let code = 1; code <= 16; code++) {
          assert.equal(adviceFor(error(reason, codeName(code)), known), expected, `${reason} with code ${code}`);
        }
      }
      for (const code of names(ofCodes)) {
        codes.push(code);
        assert.equal(adviceFor(error("SOMETHING_NEW", code as WigwagError["code"]), known), expected, code);
      }
    }
    assert.deepEqual(codes.sort(), Array.from({ length: 16 }, (_, at) => codeName(at + 1)).sort());
    assert.equal(reasons, 10);
  });

  it("without the server's on a first attempt is to stop", () => {
    assert.equal(adviceFor(error("CONNECTION_LOST"), { ...known, established: false }), "stop");
    assert.equal(adviceFor(error("CONNECTION_LOST"), known), "resume");
  });

  it("on a token error depends on whether there can be another token", () => {
    const expired = error("TOKEN_EXPIRED", "UNAUTHENTICATED");
    assert.equal(adviceFor(expired, known), "stop");
    assert.equal(adviceFor(expired, { ...known, renewableToken: true }), "resume");
    assert.equal(adviceFor(error("TOKEN_INVALID", "UNAUTHENTICATED", "stop"), { ...known, renewableToken: true }), "resume");
    assert.equal(adviceFor(error("TOKEN_INVALID", "UNAUTHENTICATED"), known), "stop");
  });
});

describe("the page around a session", () => {
  function page() {
    const window = new EventTarget();
    const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
    const reported: string[] = [];
    const stop = watchPage(
      {
        wake: (network) => reported.push(network ? "network" : "look"),
        hidden: () => reported.push("hidden"),
        gone: () => reported.push("gone"),
      },
      { window, document },
    );
    return { window, document, reported, stop };
  }
  const transition = (type: string, persisted: boolean) => Object.assign(new Event(type), { persisted });

  it("reports when it is unloaded, but not when it may return", () => {
    const { window, reported } = page();
    window.dispatchEvent(transition("pagehide", true));
    window.dispatchEvent(transition("pageshow", true));
    window.dispatchEvent(transition("pagehide", false));
    assert.deepEqual(reported, ["hidden", "network", "gone"]);
  });

  it("reports when it or its network is back", () => {
    const { window, document, reported, stop } = page();
    window.dispatchEvent(new Event("online"));
    document.visibilityState = "hidden";
    document.dispatchEvent(new Event("visibilitychange"));
    document.visibilityState = "visible";
    document.dispatchEvent(new Event("visibilitychange"));
    window.dispatchEvent(transition("pageshow", false));
    assert.deepEqual(reported, ["network", "hidden", "look"]);
    stop();
    window.dispatchEvent(new Event("online"));
    assert.equal(reported.length, 3);
  });

  it("may be absent", () => {
    watchPage({ wake: () => undefined, hidden: () => undefined, gone: () => undefined }, {})();
  });
});
