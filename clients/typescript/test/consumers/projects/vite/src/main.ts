// An application in a browser: two peers meet over the default transport and over gRPC-Web, and exchange a greeting, sealed in one room.
import { connect, type ConnectOptions, type Session } from "@wigwag/client";

const url = new URLSearchParams(location.search).get("server") ?? "/";

async function meet(options: ConnectOptions): Promise<string> {
  const [ada, bob] = await Promise.all([connect(url, options), connect(url, options)]);
  const here = await ada.createRoom();
  const there = await bob.join(here.name);
  const received = new Promise<string>((resolve) => {
    there.on("envelope", ({ payload }) => "text" in payload && resolve(payload.text));
  });
  await here.send(bob.peerId, { text: "hello" }, { receipt: true });
  const said = `${ada.transport}: ${await received}`;
  await Promise.all([ada, bob].map((session: Session) => session.close()));
  return said;
}

Promise.all([meet({}), meet({ transport: "grpc-web" }), meet({ secret: { key: new Uint8Array(32) } }).catch(String)])
  .then((said) => (document.title = said.join(", ")))
  .catch((error: unknown) => (document.title = `failed: ${String(error)}`));
