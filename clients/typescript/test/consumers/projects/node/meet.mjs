// An application on Node, as an ES module: two peers meet, one over gRPC, and exchange a greeting.
import { connect, WigwagError } from "@wigwag/client";
import { grpcTransport } from "@wigwag/client/node";
import { grpcWebTransport } from "@wigwag/client/grpc-web";
import { WebSocket } from "ws";

const [url] = process.argv.slice(2);
const secret = { passphrase: "five words that are random" };
const ada = await connect(url, { displayName: "Ada", webSocket: WebSocket, secret });
for (const [name, transport] of [["grpc", grpcTransport], ["grpc-web", grpcWebTransport], ["grpc-web", "grpc-web"]]) {
  const bob = await connect(url, { displayName: "Bob", transport, secret });
  if (ada.transport !== "websocket" || bob.transport !== name) throw new Error(`${ada.transport}, ${bob.transport}`);
  const [here, there] = [await ada.join("esm"), await bob.join("esm")];
  const heard = new Promise((resolve) => there.on("envelope", ({ payload }) => resolve(payload.text)));
  await here.send(bob.peerId, { text: "hello" }, { receipt: true });
  console.log(`${name}: ${await heard}`);
  await bob.close();
}
await ada.join("").catch((error) => console.log(error instanceof WigwagError && error.reason));
await ada.close();
