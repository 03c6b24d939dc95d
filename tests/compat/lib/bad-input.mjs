// Input that a client must not send, and that every endpoint has to handle.
import assert from "node:assert/strict";

const deep = (depth) => `{"type":"offer","sdp":${"[".repeat(depth)}${"]".repeat(depth)}}`;

/**
 * Sends bad input over `bad` and checks that each is answered by an error and that the connection stays open.
 *
 * @param bad an open socket of `openSocket`
 * @param {(message: any) => string | undefined} reasonOf returns the reason of a message that is an error
 * @param {object} unknown a message of a type that the endpoint refuses
 */
export async function survivesBadInput(bad, reasonOf, unknown = { type: "nonsense" }) {
  const cases = [
    ["not JSON", "hello", "PROTOCOL"],
    ["half of JSON", '{"type":', "PROTOCOL"],
    ["nothing", "", "PROTOCOL"],
    ["JSON that is not an object", "[1,2]", "PROTOCOL"],
    ["10,000 levels", deep(10_000), "PROTOCOL"],
    ["a megabyte", JSON.stringify({ type: "offer", sdp: "x".repeat(1_000_000) }), "FRAME_TOO_LARGE"],
    ["a type that is a number", '{"type":7}', "INVALID_FIELD"],
    ["an unknown type", JSON.stringify(unknown), "UNKNOWN_FRAME"],
    ["no type", "{}", "UNKNOWN_FRAME"],
    ["an unknown type in a binary message", Buffer.from(JSON.stringify(unknown)), "UNKNOWN_FRAME"],
    ["an unknown type after a byte order mark", `\ufeff${JSON.stringify(unknown)}`, "UNKNOWN_FRAME"],
    ["bytes", Buffer.from([0xff, 0x7b]), "PROTOCOL"],
  ];
  for (const [what, data, reason] of cases) {
    bad.socket.send(data);
    const error = await bad.inbox.take((message) => reasonOf(message) !== undefined, `an error for ${what}`);
    assert.equal(reasonOf(error), reason, what);
  }
  // Fragments are one message.
  bad.socket.send(JSON.stringify(unknown).slice(0, 12), { fin: false });
  bad.socket.send(JSON.stringify(unknown).slice(12), { fin: true });
  const error = await bad.inbox.take((message) => reasonOf(message) !== undefined, "an error for fragments");
  assert.equal(reasonOf(error), "UNKNOWN_FRAME", "fragments");
}

/**
 * Sends input that ends a connection, each over a separate connection.
 *
 * @param open opens a socket
 * @param reasonOf as above; without it, the endpoint has no error messages
 */
export async function endsBrokenConnections(open, reasonOf) {
  const reported = async (socket, reason) => {
    if (reasonOf === undefined) return;
    const error = await socket.inbox.take((message) => reasonOf(message) !== undefined, `an error ${reason}`);
    assert.equal(reasonOf(error), reason);
  };
  const tooLong = await open();
  tooLong.socket.send("x".repeat((1 << 20) + 1));
  await reported(tooLong, "FRAME_TOO_LARGE");
  assert.deepEqual(await tooLong.closed, { code: 1009, reason: "FRAME_TOO_LARGE" });

  const notUtf8 = await open();
  // A masked text frame that is not UTF-8, written to the TCP socket because the library would refuse it.
  notUtf8.socket._socket.write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff]));
  await reported(notUtf8, "PROTOCOL");
  assert.deepEqual(await notUtf8.closed, { code: 1007, reason: "PROTOCOL" });
}
