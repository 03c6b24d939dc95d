// A typical signaling server: Node and Socket.IO, ids instead of rooms.
//
// Down: your_id. Up: offer_sdp, answer_sdp {target, sdp}, send_ice {target, candidate, mid}. Down: the same with `from`.
// With ?room=R the others of the room receive peer_joined, so that a join can be measured.
"use strict";

const http = require("node:http");
const { Server } = require("socket.io");

const server = http.createServer();
const io = new Server(server, { serveClient: false });

io.on("connection", (socket) => {
  const { room } = socket.handshake.query;
  if (room) {
    socket.to(room).emit("peer_joined", { id: socket.id });
    socket.join(room);
  }
  socket.emit("your_id", { id: socket.id });
  for (const event of ["offer_sdp", "answer_sdp", "send_ice"]) {
    socket.on(event, ({ target, ...signal }) => {
      io.to(target).emit(event, { ...signal, from: socket.id });
    });
  }
});

server.listen(Number(process.argv[2]), "127.0.0.1");
