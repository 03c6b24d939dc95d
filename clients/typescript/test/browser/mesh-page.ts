// The script of the tabs of the mesh tests.
import { connect, type Room, type Session } from "../../src/index.js";
import { Mesh, Peer } from "../../src/rtc/index.js";

/** The functions of a tab. */
export interface MeshPage {
  /** Joins a room and connects to all its members; with `media`, sends small video and audio tracks. */
  join(url: string, room: string, name: string, media: boolean): Promise<void>;
  /** Connects to the server only. Resolves with the own peer id. */
  connect(url: string): Promise<string>;
  /** Joins a room without connecting to its members. */
  joinOnly(room: string): Promise<void>;
  /** Returns the number of other members. */
  others(): number;
  /** Returns the state of the session, and how often it was resumed. */
  session(): { state: string; resumed: number; peerId: string };
  /** Returns the names of the members, in order. */
  members(): string[];
  /** Returns which members are not in the expected state, and why; empty if exactly these are connected. */
  missing(names: string[], media: boolean): string[];
  /** Sends a text to all peers; returns how many got it. */
  say(text: string): number;
  /** Returns whether a peer sent this text. */
  received(text: string): boolean;
  /** Leaves the room and ends the session. */
  leave(): Promise<void>;
  /** Starts a connection to the only other member. Descriptions are held back until `release`. */
  call(hold: boolean): void;
  /** Returns whether an offer was made and is held back. */
  offered(): boolean;
  /** Sends the descriptions that were held back. */
  release(): void;
  /** Checks that the connection of `call` carries a message in both directions. */
  talks(): boolean;
  /** Ends the connection of `call`. */
  hangUp(): void;
  /** Returns the errors that peers reported. */
  problems(): string[];
}

const TOKEN = "token";

let session: Session;
let room: Room;
let mesh: Mesh;
let peer: Peer | undefined;
let resumed = 0;
let talking = new Set<string>();
let held: Array<() => void> | undefined;
let offers = 0;
const lines = new Set<string>();
const problems: string[] = [];
/** Tracks on which media arrived. */
const arriving = new WeakSet<MediaStreamTrack>();

const page: MeshPage = {
  async connect(url) {
    const replaces = sessionStorage.getItem(TOKEN);
    session = await connect(url, { timeoutMs: 60_000, ...(replaces && { replaces }) });
    sessionStorage.setItem(TOKEN, session.sessionToken);
    session.on("resumed", () => (resumed += 1));
    return session.peerId;
  },
  async joinOnly(name) {
    room = await session.join(name);
  },
  async join(url, name, displayName, media) {
    await page.connect(url);
    mesh = await Mesh.join(session, name, { displayName });
    mesh.on("error", ({ error }) => problems.push(String(error)));
    mesh.on("track", ({ track, transceiver }) => void watch(track, transceiver.receiver));
    mesh.channel("chat").on("message", ({ data }) => lines.add(String(data)));
    if (!media) return;
    const video = { width: 160, height: 120, frameRate: 5 };
    const stream = await navigator.mediaDevices.getUserMedia({ video, audio: true });
    for (const track of stream.getTracks()) mesh.addTrack(track, stream);
  },
  others: () => room.members.size,
  session: () => ({ state: session.state, resumed, peerId: session.peerId }),
  members: () => [...mesh.room.members.values()].map(({ displayName }) => displayName).sort(),
  missing(names, media) {
    const present = page.members();
    if (present.join() !== [...names].sort().join()) return [`members are ${present.join(" ")}`];
    const reached = mesh.channel("chat").peers;
    return [...mesh.peers.values()].flatMap((other) => {
      const name = other.member?.displayName ?? other.id;
      if (other.state !== "connected") return [`${name}: ${other.state}, ${other.rtc.signalingState}`];
      if (!reached.includes(other)) return [`${name}: no channel`];
      const kinds = [...other.tracks.keys()].map(({ kind }) => kind).sort();
      if (media && kinds.join() !== "audio,video") return [`${name}: sends ${kinds.join()}`];
      const silent = [...other.tracks.keys()].filter((track) => !arriving.has(track)).map(({ kind }) => kind);
      return media && silent.length > 0 ? [`${name}: no ${silent.join()}`] : [];
    });
  },
  say: (text) => mesh.channel("chat").send(text),
  received: (text) => lines.has(text),
  async leave() {
    await mesh.close();
    await session.close();
  },
  call(hold) {
    offers = 0;
    held = hold ? [] : undefined;
    talking = new Set();
    const send = plainSend(room);
    Object.defineProperty(room, "send", {
      configurable: true,
      value: async (...args: Parameters<Room["send"]>) => {
        if ("description" in args[1] && args[1].description.type === "offer") offers += 1;
        if (held) await new Promise<void>((resolve) => held?.push(resolve));
        return send(...args);
      },
    });
    const [other] = room.members.keys();
    if (!other) throw new Error("no other member to call");
    const call = new Peer(session, room, other);
    peer = call;
    call.on("error", ({ error }) => problems.push(String(error)));
    const channel = call.channel("talk");
    channel.send(`hello ${other}`);
    channel.on("message", ({ data }) => {
      if (data === `hello ${session.peerId}`) channel.send("thanks");
      talking.add(String(data));
    });
  },
  offered: () => offers > 0,
  release() {
    const waiting = held ?? [];
    held = undefined;
    for (const go of waiting) go();
  },
  talks: () => peer?.state === "connected" && talking.has(`hello ${session.peerId}`) && talking.has("thanks"),
  hangUp: () => peer?.close(),
  problems: () => problems,
};
Object.assign(globalThis, { page });

/** The original method, without the wrapper of an earlier call. */
function plainSend(of: Room): Room["send"] {
  return (Object.getPrototypeOf(of) as Room).send.bind(of) as Room["send"];
}

/** Checks by statistics, since background pages need not render video. */
async function watch(track: MediaStreamTrack, receiver: RTCRtpReceiver): Promise<void> {
  if (track.kind === "video") {
    // Without an element that plays it, the video is not decoded.
    const video = document.createElement("video");
    Object.assign(video, { muted: true, autoplay: true, srcObject: new MediaStream([track]) });
    document.body.append(video);
  }
  while (track.readyState === "live" && !arriving.has(track)) {
    for (const entry of (await receiver.getStats()).values() as Iterable<RTCInboundRtpStreamStats>) {
      const arrived = track.kind === "video" ? entry.framesReceived : entry.packetsReceived;
      if (entry.type === "inbound-rtp" && (arrived ?? 0) > 0) arriving.add(track);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
