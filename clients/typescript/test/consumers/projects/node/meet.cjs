// The same as CommonJS.
const { connect } = require("@wigwag/client");
const { grpcTransport } = require("@wigwag/client/node");
const { WebSocket } = require("ws");

async function main(url) {
  const secret = { key: new Uint8Array(32).fill(1) };
  const ada = await connect(url, { displayName: "Ada", webSocket: WebSocket, secret });
  for (const [name, transport] of [["grpc", grpcTransport], ["grpc-web", "grpc-web"]]) {
    const bob = await connect(url, { displayName: "Bob", transport, secret });
    if (ada.transport !== "websocket" || bob.transport !== name) throw new Error(`${ada.transport}, ${bob.transport}`);
    const [here, there] = [await ada.join("cjs"), await bob.join("cjs")];
    const heard = new Promise((resolve) => there.on("envelope", ({ payload }) => resolve(payload.text)));
    await here.send(bob.peerId, { text: "hello" }, { receipt: true });
    console.log(`${name}: ${await heard}`);
    await bob.close();
  }
  await ada.close();
}

main(process.argv[2]).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
