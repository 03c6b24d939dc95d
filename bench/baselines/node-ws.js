// A typical room server: Node, the `ws` package, JSON, a Map of rooms.
//
// ws://host:port/?roomId=R&userId=U&userName=N
// Up:   {type: "offer" | "answer" | "ice-candidate", targetUserId, sdp | candidate}
// Down: the same with `fromUserId`, and `participants`, `participant-joined`, `participant-left`.
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const https = require("node:https");
const { WebSocketServer } = require("ws");

const rooms = new Map();
// PORT, or PORT CERT KEY with TLS.
const [port, cert, key] = process.argv.slice(2);
const answer = (_, response) => response.writeHead(404).end();
const server = cert
  ? https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) }, answer)
  : http.createServer(answer);
const sockets = new WebSocketServer({ server });

sockets.on("connection", (socket, request) => {
  const query = new URL(request.url, "http://localhost").searchParams;
  const roomId = query.get("roomId");
  const userId = query.get("userId");
  if (!roomId || !userId) {
    socket.close(1008, "roomId and userId are needed");
    return;
  }
  let room = rooms.get(roomId);
  if (!room) {
    room = new Map();
    rooms.set(roomId, room);
  }
  if (room.has(userId)) {
    socket.close(1008, "userId is taken");
    return;
  }
  const me = { id: userId, name: query.get("userName") ?? userId, joinedAt: new Date().toISOString() };
  const others = Array.from(room.values(), (member) => member.me);
  socket.send(JSON.stringify({ type: "participants", participants: others }));
  tell(room, { type: "participant-joined", participant: me });
  room.set(userId, { me, socket });

  socket.on("message", (data) => {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      socket.send(JSON.stringify({ type: "error", message: "not JSON" }));
      return;
    }
    switch (message.type) {
      case "offer":
      case "answer":
      case "ice-candidate": {
        const target = room.get(message.targetUserId);
        if (!target) {
          socket.send(JSON.stringify({ type: "error", message: "no such user" }));
          return;
        }
        const { targetUserId, ...signal } = message;
        target.socket.send(JSON.stringify({ ...signal, fromUserId: userId }));
        break;
      }
      default:
        socket.send(JSON.stringify({ type: "error", message: "unknown type" }));
    }
  });

  socket.on("close", () => {
    room.delete(userId);
    if (room.size === 0) {
      rooms.delete(roomId);
    } else {
      tell(room, { type: "participant-left", userId });
    }
  });
});

// Encoded once for the whole room.
function tell(room, message) {
  const text = JSON.stringify(message);
  for (const { socket } of room.values()) {
    socket.send(text);
  }
}

server.listen(Number(port), "127.0.0.1");
