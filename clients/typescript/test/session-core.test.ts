import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WigwagError } from "../src/error.js";
import { ACK, ACK_DELAY_MS, BATCH, RECEIPT_ACK_DELAY_MS, SEND_BUFFER, SessionCore } from "../src/session-core.js";

const WELCOME = { sessionToken: "secret", epoch: 1, outcome: "OUTCOME_NEW" } as const;
const text = (text: string) => ({ envelope: { room: "r", message: { text } } });

function welcomed(): SessionCore {
  const core = new SessionCore();
  assert.deepEqual(core.welcome(WELCOME, 0), { outcome: "new" });
  return core;
}

describe("frames to the server", () => {
  it("are numbered from 1 and carry the acknowledgment", () => {
    const core = welcomed();
    core.submit(text("a"));
    core.submit(text("b"));
    assert.deepEqual(core.take(), [
      { seq: 1, ack: 0, ...text("a") },
      { seq: 2, ack: 0, ...text("b") },
    ]);
    assert.deepEqual(core.take(), []);
    core.handled({ seq: 1, done: {} });
    core.submit(text("c"));
    assert.deepEqual(core.take(), [{ seq: 3, ack: 1, ...text("c") }]);
  });

  it("are sent again after the last acknowledged one, in order", () => {
    const core = welcomed();
    for (const word of ["a", "b", "c"]) core.submit(text(word));
    core.take();
    core.confirm(1);
    core.rewind();
    assert.deepEqual(core.take().map(({ seq }) => seq), [2, 3]);
    core.confirm(3);
    core.rewind();
    assert.equal(core.pending, false);
  });

  it("stop at the limits of a batch", () => {
    const core = welcomed();
    for (let n = 0; n < BATCH.frames + 1; n += 1) core.submit(text("x"));
    assert.equal(core.take().length, BATCH.frames);
    assert.equal(core.take().length, 1);
    for (let n = 0; n < 4; n += 1) core.submit(text("x".repeat(BATCH.bytes / 2)));
    assert.equal(core.take().length, 1);
  });

  it("fill the send buffer up to a limit of frames and one of bytes", () => {
    const core = welcomed();
    for (let n = 0; n < SEND_BUFFER.frames; n += 1) {
      assert.equal(core.full, false);
      core.submit(text("x"));
    }
    assert.equal(core.full, true);
    core.take();
    core.confirm(1);
    assert.equal(core.full, false);
    const large = welcomed();
    large.submit(text("x".repeat(SEND_BUFFER.bytes)));
    assert.equal(large.full, true);
  });

  it("cannot be acknowledged before they are sent", () => {
    const core = welcomed();
    core.submit(text("a"));
    assert.throws(() => core.confirm(2), (error: WigwagError) => error.reason === "PROTOCOL");
  });

  it("are all sent with bye when the page is unloaded", () => {
    const core = welcomed();
    core.submit(text("a"));
    core.take();
    assert.deepEqual(core.takeAll({ bye: {} }), [
      { seq: 1, ack: 0, ...text("a") },
      { seq: 2, ack: 0, bye: {} },
    ]);
  });
});

describe("frames from the server", () => {
  it("are delivered once, in order, and a gap is detected", () => {
    const core = welcomed();
    assert.equal(core.receive({ seq: 1, done: {} }), "new");
    core.handled({ seq: 1, done: {} });
    assert.equal(core.receive({ seq: 1, done: {} }), "duplicate");
    assert.equal(core.receive({ seq: 3, done: {} }), "gap");
    assert.equal(core.receive({ seq: 2, done: {} }), "new");
  });

  it("without a number are always delivered", () => {
    const core = welcomed();
    assert.equal(core.receive({ ping: {} }), "new");
    core.handled({ ping: {} });
    assert.equal(core.delivered, 0);
  });

  it("are acknowledged soon, and at once after many or large ones", () => {
    const core = welcomed();
    assert.equal(core.ackDelayMs, undefined);
    core.handled({ seq: 1, done: {} });
    assert.equal(core.ackDelayMs, ACK_DELAY_MS);
    for (let seq = 2; seq <= ACK.frames; seq += 1) core.handled({ seq, done: {} });
    assert.equal(core.ackDelayMs, 0);
    assert.deepEqual(core.take(true), [{ ack: ACK.frames }]);
    assert.equal(core.ackDelayMs, undefined);
    core.handled({ seq: ACK.frames + 1, envelope: { message: { text: "x".repeat(ACK.bytes) } } });
    assert.equal(core.ackDelayMs, 0);
  });

  it("are acknowledged sooner while a sender waits for a receipt", () => {
    const core = welcomed();
    core.handled({ seq: 1, envelope: { receipt: true, message: { text: "a" } } });
    core.handled({ seq: 2, done: {} });
    assert.equal(core.ackDelayMs, RECEIPT_ACK_DELAY_MS);
    assert.deepEqual(core.take(true), [{ ack: 2 }]);
    core.handled({ seq: 3, done: {} });
    assert.equal(core.ackDelayMs, ACK_DELAY_MS);
  });

  it("are acknowledged again if the push was lost", () => {
    const core = welcomed();
    core.handled({ seq: 1, done: {} });
    core.take(true);
    core.rewind();
    assert.equal(core.ackDelayMs, ACK_DELAY_MS);
    core.take(true);
    core.ackArrived(1);
    core.rewind();
    assert.equal(core.ackDelayMs, undefined);
  });

  it("are acknowledged at once when the server goes away", () => {
    const core = welcomed();
    core.handled({ seq: 1, done: {} });
    assert.equal(core.ackDelayMs, ACK_DELAY_MS);
    core.ackAtOnce();
    assert.equal(core.ackDelayMs, 0);
    core.take(true);
    assert.equal(core.ackDelayMs, undefined);
    core.welcome({ ...WELCOME, outcome: "OUTCOME_RESUMED" }, 0);
    core.take(true);
    core.handled({ seq: 2, done: {} });
    assert.equal(core.ackDelayMs, ACK_DELAY_MS);
  });

  it("that are pings get one unnumbered pong", () => {
    const core = welcomed();
    core.pong();
    assert.equal(core.ackDelayMs, 0);
    assert.deepEqual(core.take(), [{ ack: 0, pong: {} }]);
    assert.deepEqual(core.take(), []);
  });
});

describe("a resume", () => {
  it("names the last frame delivered, and is followed by a bare ack and what is missing", () => {
    const core = welcomed();
    for (const word of ["a", "b", "c"]) core.submit(text(word));
    core.take();
    core.handled({ seq: 1, done: {} });
    assert.deepEqual(core.resume({ r: 7 }), {
      sessionToken: "secret",
      epoch: 1,
      lastSeq: 1,
      roomVersions: { r: 7 },
    });
    assert.deepEqual(core.welcome({ ...WELCOME, epoch: 2, outcome: "OUTCOME_RESUMED" }, 2), { outcome: "resumed" });
    assert.equal(core.epoch, 2);
    assert.deepEqual(core.take(), [{ ack: 1 }, { seq: 3, ack: 1, ...text("c") }]);
  });

  it("of a session without frames is possible, too", () => {
    const core = welcomed();
    assert.equal(core.resume({})?.lastSeq, 0);
    core.welcome({ ...WELCOME, epoch: 2, outcome: "OUTCOME_RESUMED" }, 0);
    assert.deepEqual(core.take(), [{ ack: 0 }]);
  });

  it("that is refused starts over", () => {
    const core = welcomed();
    core.submit(text("a"));
    core.handled({ seq: 1, done: {} });
    const reset = { sessionToken: "other", epoch: 1, outcome: "OUTCOME_RESET", resetReason: "EXPIRED" } as const;
    assert.deepEqual(core.welcome(reset, 0), { outcome: "reset", reason: "EXPIRED" });
    assert.equal(core.delivered, 0);
    assert.equal(core.pending, false);
    assert.equal(core.submit(text("b")), 1);
  });

  it("is not requested after the session was discarded, and the new one is a reset", () => {
    const core = welcomed();
    core.discard("SOME_REASON");
    assert.equal(core.resume({}), undefined);
    const attached = core.welcome({ ...WELCOME, sessionToken: "other" }, 0);
    assert.deepEqual(attached, { outcome: "reset", reason: "SOME_REASON" });
  });

  it("that was not requested violates the protocol", () => {
    const core = new SessionCore();
    assert.throws(() => core.welcome({ ...WELCOME, outcome: "OUTCOME_RESUMED" }, 0), { name: "WigwagError" });
  });
});
