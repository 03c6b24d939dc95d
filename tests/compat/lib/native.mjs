// Minimal peers on the server's own transports: gRPC, gRPC-Web, and WebSocket with protobuf or JSON.
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import grpc from "@grpc/grpc-js";
import protobuf from "protobufjs";
import WebSocket from "ws";

import { Inbox } from "./inbox.mjs";

const root = new protobuf.Root();
root.resolvePath = (_, path) => fileURLToPath(new URL(`../../../proto/${path}`, import.meta.url));
await root.load(["wigwag/v1/signaling_service.proto", "wigwag/v1/room_service.proto"]);
const type = (name) => root.lookupType(`wigwag.v1.${name}`);
const ClientFrame = type("ClientFrame");
const ServerFrame = type("ServerFrame");
const encode = (kind, value) => Buffer.from(kind.encode(kind.fromObject(value)).finish());
const decode = (kind, bytes) => kind.toObject(kind.decode(bytes));

class Peer {
  inbox = new Inbox();

  /** Takes a frame from the transport. */
  received(frame) {
    if (frame.ping) this.write({ pong: {} });
    else this.inbox.put(frame);
  }

  async welcomed() {
    const { welcome } = await this.next("welcome");
    this.peerId = welcome.peerId;
    this.welcome = welcome;
    return this;
  }

  /** Returns the next frame with this body. */
  next(body) {
    return this.inbox.take((frame) => frame[body] !== undefined, body);
  }

  async join(room) {
    this.request({ join: { room } });
    return (await this.next("joined")).joined;
  }

  /** Returns the next envelope from a peer. */
  async envelope(from) {
    const { envelope } = await this.inbox.take(({ envelope }) => envelope?.from === from, `an envelope from ${from}`);
    return envelope;
  }
}

class GrpcPeer extends Peer {
  constructor(host) {
    super();
    this.client = new grpc.Client(host, grpc.credentials.createInsecure());
    const path = "/wigwag.v1.SignalingService/Signal";
    this.stream = this.client.makeBidiStreamRequest(path, (frame) => encode(ClientFrame, frame), (bytes) => decode(ServerFrame, bytes));
    this.stream.on("data", (frame) => this.received(frame));
    this.stream.on("error", () => {});
  }

  write(frame) {
    this.stream.write(frame);
  }

  request(frame) {
    this.write(frame);
  }

  close() {
    this.stream.cancel();
    this.client.close();
  }
}

class WebSocketPeer extends Peer {
  constructor(host) {
    super();
    this.socket = new WebSocket(`ws://${host}/v1/signal`, "wigwag.v1.proto");
    this.socket.on("message", (bytes) => this.received(decode(ServerFrame, bytes)));
  }

  write(frame) {
    this.socket.send(encode(ClientFrame, frame));
  }

  request(frame) {
    this.write(frame);
  }

  close() {
    this.socket.close();
  }
}

/** Prepends the gRPC-Web header to a message: a flag and a length. */
const framed = (bytes) => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
};

/** Yields the messages of a gRPC-Web body without the trailers. */
async function* unframed(body) {
  let rest = Buffer.alloc(0);
  for await (const chunk of body) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1);
      if ((rest[0] & 0x80) === 0) yield rest.subarray(5, end);
      rest = rest.subarray(end);
    }
  }
}

class GrpcWebPeer extends Peer {
  seq = 0;
  pushed = Promise.resolve();

  constructor(host) {
    super();
    this.url = `http://${host}/wigwag.v1.SignalingService`;
    this.abort = new AbortController();
    this.listen().catch(() => {});
  }

  call(method, bytes) {
    const headers = { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" };
    return fetch(`${this.url}/${method}`, { method: "POST", headers, body: framed(bytes), signal: this.abort.signal });
  }

  async listen() {
    const answer = await this.call("Listen", encode(type("ListenRequest"), { hello: {} }));
    for await (const bytes of unframed(answer.body)) this.received(decode(ServerFrame, bytes));
  }

  write(frame) {
    const { sessionToken, epoch } = this.welcome;
    const push = async () => {
      const answer = await this.call("Push", encode(type("PushRequest"), { sessionToken, epoch, frames: [frame] }));
      await answer.arrayBuffer();
    };
    // One call at a time, in order.
    this.pushed = this.pushed.then(push, push).catch(() => {});
  }

  request(frame) {
    this.write({ ...frame, seq: (this.seq += 1) });
  }

  close() {
    this.abort.abort();
  }
}

/** Opens a session over gRPC. */
export async function openGrpc(host) {
  const peer = new GrpcPeer(host);
  peer.write({ hello: {} });
  return peer.welcomed();
}

/** Opens a session over WebSocket, in protobuf. */
export async function openWebSocket(host) {
  const peer = new WebSocketPeer(host);
  await once(peer.socket, "open");
  peer.write({ hello: {} });
  return peer.welcomed();
}

/** Opens a session over gRPC-Web. */
export const openGrpcWeb = (host) => new GrpcWebPeer(host).welcomed();

class JsonPeer extends Peer {
  constructor(host) {
    super();
    this.socket = new WebSocket(`ws://${host}/v1/signal`, "wigwag.v1.json");
    this.socket.on("message", (data) => this.received(JSON.parse(data.toString())));
  }

  write(frame) {
    this.socket.send(JSON.stringify(frame));
  }

  request(frame) {
    this.write(frame);
  }

  close() {
    this.socket.close();
  }
}

/** Opens a session over WebSocket, in JSON. */
export async function openWebSocketJson(host) {
  const peer = new JsonPeer(host);
  await once(peer.socket, "open");
  peer.write({ hello: {} });
  return peer.welcomed();
}

/** Calls a method of RoomService. */
export function callRoomService(host, method, request) {
  const client = new grpc.Client(host, grpc.credentials.createInsecure());
  const [up, down] = [root.lookupType(`wigwag.v1.${method}Request`), root.lookupType(`wigwag.v1.${method}Response`)];
  return new Promise((resolve, reject) => {
    const path = `/wigwag.v1.RoomService/${method}`;
    client.makeUnaryRequest(path, (value) => encode(up, value), (bytes) => decode(down, bytes), request, (error, answer) => {
      client.close();
      if (error) reject(error);
      else resolve(answer);
    });
  });
}
