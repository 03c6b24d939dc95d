// Input that a client must not send, and that every endpoint has to handle.
import assert from "node:assert/strict";

const deep = (depth) => `{"type":"offer","sdp":${"[".repeat(depth)}${"]".repeat(depth)}}`;

/**
 * Sends bad input over `bad` and checks that each is answered by an error and that the connection stays open.
 *
 * @param bad an open socket of `openSocket`
 * @param {(message: any) => string | undefined} reasonOf returns the reason of a message that is an error
 */
export async function survivesBadInput(bad, reasonOf) {
  const cases = [
    ["not JSON", "hello", "PROTOCOL"],
    ["half of JSON", '{"type":', "PROTOCOL"],
    ["nothing", "", "PROTOCOL"],
    ["JSON that is not an object", "[1,2]", "PROTOCOL"],
    ["10,000 levels", deep(10_000), "PROTOCOL"],
    ["a lone surrogate", '{"type":"\\ud800"}', "PROTOCOL"],
    ["a megabyte", JSON.stringify({ type: "offer", sdp: "x".repeat(1_000_000) }), "FRAME_TOO_LARGE"],
    ["a type that is a number", '{"type":7}', "INVALID_FIELD"],
    ["an unknown type", '{"type":"nonsense"}', "UNKNOWN_FRAME"],
    ["no type", "{}", "UNKNOWN_FRAME"],
    ["bytes", Buffer.from('{"type":"offer"}'), "PROTOCOL"],
  ];
  for (const [what, data, reason] of cases) {
    bad.socket.send(data);
    const error = await bad.inbox.take((message) => reasonOf(message) !== undefined, `an error for ${what}`);
    assert.equal(reasonOf(error), reason, what);
  }
  // Fragments are one message.
  bad.socket.send('{"type":"non', { fin: false });
  bad.socket.send('sense"}', { fin: true });
  const error = await bad.inbox.take((message) => reasonOf(message) !== undefined, "an error for fragments");
  assert.equal(reasonOf(error), "UNKNOWN_FRAME", "fragments");
}

/**
 * Sends input that ends a connection, each over a separate connection.
 *
 * @param open opens a socket
 * @param reasonOf as above
 */
export async function endsBrokenConnections(open, reasonOf) {
  const tooLong = await open();
  tooLong.socket.send("x".repeat((1 << 20) + 1));
  const error = await tooLong.inbox.take((message) => reasonOf(message) !== undefined, "an error for 1 MiB and a byte");
  assert.equal(reasonOf(error), "FRAME_TOO_LARGE");
  assert.deepEqual(await tooLong.closed, { code: 4507, reason: "FRAME_TOO_LARGE" });

  const notUtf8 = await open();
  // A masked text frame that is not UTF-8, written to the TCP socket because the library would refuse it.
  notUtf8.socket._socket.write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff]));
  assert.equal(reasonOf(await notUtf8.inbox.take((message) => reasonOf(message) !== undefined, "an error")), "PROTOCOL");
  assert.equal((await notUtf8.closed).reason, "PROTOCOL");
}
