// A gRPC client of the server, based on grpc-js.
import { fileURLToPath } from "node:url";

import { credentials, loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

import { Inbox } from "../../compat/lib/inbox.mjs";

const root = fileURLToPath(new URL("../../../proto", import.meta.url));
const files = ["signaling_service.proto", "room_service.proto"].map((file) => `wigwag/v1/${file}`);
const { SignalingService, RoomService } = loadPackageDefinition(loadSync(files, { includeDirs: [root], longs: Number, enums: String })).wigwag.v1;

/** Returns a `ClientFrame` encoded as protobuf. */
export const encodeFrame = SignalingService.service.Signal.requestSerialize;

/** Returns a `ServerFrame` from its protobuf. */
export const decodeFrame = SignalingService.service.Signal.responseDeserialize;

/** Returns a channel with clients of both services. Channels are not shared. */
export function channel(port, options = {}) {
  const address = `127.0.0.1:${port}`;
  const settings = { "grpc.use_local_subchannel_pool": 1, ...options };
  const signaling = new SignalingService(address, credentials.createInsecure(), settings);
  const rooms = new RoomService(address, credentials.createInsecure(), settings);
  return {
    signaling,
    rooms,
    /** Calls a method with one response. */
    call(service, method, request) {
      return new Promise((resolve, reject) => {
        service[method](request, (error, response) => (error ? reject(error) : resolve(response)));
      });
    },
    close() {
      signaling.close();
      rooms.close();
    },
  };
}

/** Opens a session and joins a room. */
export async function join(channel, room, hello) {
  const stream = channel.signaling.Signal();
  const frames = new Inbox();
  let failed;
  stream.on("data", (frame) => frames.put(frame));
  const ended = new Promise((resolve) => {
    stream.on("error", (error) => resolve((failed = error)));
    stream.on("end", () => resolve(failed));
  });
  if (hello) stream.write({ hello });
  stream.write({ seq: hello?.resumable ? 1 : 0, join: { room } });
  const member = {
    stream,
    frames,
    ended,
    failed: () => failed,
    async take(body) {
      return (await frames.take((frame) => frame[body] != null, body))[body];
    },
    send(to, text) {
      stream.write({ envelope: { room, to, message: { text } } });
    },
    cancel() {
      stream.cancel();
    },
  };
  member.id = (await member.take("welcome")).peerId;
  await member.take("joined");
  return member;
}
