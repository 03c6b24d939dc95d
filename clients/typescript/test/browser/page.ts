// The script of the tabs of the browser tests: a session, and a data channel to the first other member.
import { connect, type Room, type Session } from "../../src/index.js";

/** The functions of a tab. */
export interface TestPage {
  /** Joins; resolves when a data channel to the other member is open. */
  meet(url: string, room: string): Promise<string>;
  /** Sends random bytes through the channel; resolves with their digest. */
  send(bytes: number): Promise<string>;
  /** Resolves with the digest of that many bytes received through the channel. */
  receive(bytes: number): Promise<string>;
  /** Resolves with the reason when the other member has left. */
  left(): Promise<string>;
}

const CHUNK = 16_384;

let channel: RTCDataChannel;
let gone: Promise<string>;
const received: Uint8Array[] = [];
let wake = () => undefined as void;

const page: TestPage = {
  async meet(url, name) {
    const session = await connect(url);
    const room = await session.join(name);
    gone = new Promise((resolve) => room.on("left", ({ reason }) => resolve(reason)));
    channel = await open(session, room);
    channel.binaryType = "arraybuffer";
    channel.onmessage = ({ data }) => {
      received.push(new Uint8Array(data as ArrayBuffer));
      wake();
    };
    return session.peerId;
  },
  async send(bytes) {
    const data = new Uint8Array(bytes);
    for (let at = 0; at < bytes; at += CHUNK) crypto.getRandomValues(data.subarray(at, at + CHUNK));
    for (let at = 0; at < bytes; at += CHUNK) channel.send(data.subarray(at, at + CHUNK));
    return digest(data);
  },
  async receive(bytes) {
    while (received.reduce((sum, { length }) => sum + length, 0) < bytes) {
      await new Promise<void>((resolve) => (wake = resolve));
    }
    return digest(new Uint8Array(await new Blob(received as Uint8Array<ArrayBuffer>[]).arrayBuffer()));
  },
  left: () => gone,
};
Object.assign(globalThis, { page });

/** Opens the channel; the peer that joined second offers. */
async function open(session: Session, room: Room): Promise<RTCDataChannel> {
  const connection = new RTCPeerConnection({ iceServers: session.iceServers });
  let [peer = ""] = room.members.keys();
  const offers = peer !== "";
  const early: RTCIceCandidateInit[] = [];
  connection.onicecandidate = ({ candidate }) => void room.send(peer, { candidate });
  let work = Promise.resolve();
  room.on("envelope", ({ from, payload }) => {
    peer = from;
    work = work.then(async () => {
      if ("candidate" in payload) {
        if (connection.remoteDescription) await connection.addIceCandidate(payload.candidate);
        else early.push(payload.candidate);
      } else if ("description" in payload) {
        await connection.setRemoteDescription(payload.description);
        for (const candidate of early.splice(0)) await connection.addIceCandidate(candidate);
        if (payload.description.type === "offer") await describe(connection, room, peer);
      }
    });
  });
  const opened = new Promise<RTCDataChannel>((resolve) => {
    connection.ondatachannel = ({ channel }) => resolve(channel);
    if (!offers) return;
    const own = connection.createDataChannel("bytes");
    own.onopen = () => resolve(own);
  });
  if (offers) await describe(connection, room, peer);
  return opened;
}

async function describe(connection: RTCPeerConnection, room: Room, peer: string): Promise<void> {
  await connection.setLocalDescription();
  if (connection.localDescription) await room.send(peer, { description: connection.localDescription });
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
