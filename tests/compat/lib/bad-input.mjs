// What no client should send, and every door must take calmly.
import assert from "node:assert/strict";

const deep = (depth) => `{"type":"offer","sdp":${"[".repeat(depth)}${"]".repeat(depth)}}`;

/**
 * Sends bad input over `bad` and checks that each is answered by an error, that the connection goes on, and that a
 * bystander notices nothing.
 *
 * @param bad an open socket of `openSocket`
 * @param {(message: any) => string | undefined} reasonOf reads the reason out of a message if it is an error
 */
export async function survivesBadInput(bad, reasonOf) {
  const cases = [
    ["not JSON", "hello", "PROTOCOL"],
    ["half of JSON", '{"type":', "PROTOCOL"],
    ["nothing", "", "PROTOCOL"],
    ["JSON that is no object", "[1,2]", "PROTOCOL"],
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
  // A message in fragments is one message.
  bad.socket.send('{"type":"non', { fin: false });
  bad.socket.send('sense"}', { fin: true });
  const error = await bad.inbox.take((message) => reasonOf(message) !== undefined, "an error for fragments");
  assert.equal(reasonOf(error), "UNKNOWN_FRAME", "fragments");
}

/**
 * Sends what ends a connection, each over a connection of its own.
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
  // A masked text frame with a byte that is no UTF-8, past the library, which would refuse to write it.
  notUtf8.socket._socket.write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff]));
  assert.equal(reasonOf(await notUtf8.inbox.take((message) => reasonOf(message) !== undefined, "an error")), "PROTOCOL");
  assert.equal((await notUtf8.closed).reason, "PROTOCOL");
}
