// Runs a relay with the `socket.io` package in a separate process, so that a signal ends it. Prints its port.
import { createServer } from "node:http";

import { Server } from "socket.io";

const http = createServer();
const io = new Server(http);
io.on("connection", (socket) => {
  socket.emit("your_id", socket.id);
  for (const event of ["offer_sdp", "answer_sdp", "send_ice"]) {
    socket.on(event, ({ target, ...data }) => io.to(target).emit(event, { ...data, sender: socket.id }));
  }
});
http.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => console.log(http.address().port));
