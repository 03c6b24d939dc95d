// Runs the server of the `peer` package in a separate process, since its timers cannot be stopped. Prints its port.
import { PeerServer } from "peer";

const port = Number(process.argv[2] ?? 0);
const app = PeerServer({ port, host: "127.0.0.1", path: "/peerjs", allow_discovery: true }, (http) => {
  console.log(http.address().port);
});
// It reports messages that are not JSON this way.
app.on("error", () => {});
