// The page of the test of calls that outlive the server: a call of four with `Mesh`, and beside it another one with PeerJS's own
// client.
import { type MediaConnection, Peer as PeerJs } from "peerjs";
import { connect, type Session } from "../../src/index.js";
import { Mesh } from "../../src/rtc/index.js";

/** The longest time between two displayed frames since `mark`, in milliseconds, of any video. */
export interface Gaps {
  readonly mesh: number;
  readonly peerJs: number;
}

/** The functions of the page. */
export interface OutlivePage {
  /** Starts both calls. */
  start(url: string, room: string): Promise<void>;
  /** Returns what is missing until everybody in the call of four sees everybody else; empty if nothing is. */
  missing(): string[];
  /** Begins a measurement. */
  mark(): void;
  /** Returns the result of the measurement. */
  gaps(): Gaps;
  /** Returns how many connections were made so far, and how often peers were adopted under another id. */
  made(): { connections: number; adopted: number };
  /** Returns when connections were closed and made since the call is complete. */
  changes(): string[];
  /** Sends a text on the channel of each mesh; returns the number of peers it reached. */
  say(text: string): number;
  /** Returns how many of these texts came. */
  heard(text: string): number;
}

const NAMES = ["ada", "bob", "cleo", "dee"];
/** When each video displayed its last frame, and the longest time between two since the mark, by who sees whom. */
const videos = new Map<string, { last: number; gap: number }>();
const sessions: Session[] = [];
const meshes: Mesh[] = [];
const heard: string[] = [];
const changes: string[] = [];
let marked = 0;
let connections = 0;
let adopted = 0;

class CountedConnection extends RTCPeerConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    connections += 1;
  }
}

const page: OutlivePage = {
  async start(url, room) {
    // Small, so that the machine has time for all of them.
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 160, height: 120, frameRate: 10 }, audio: false });
    for (const displayName of NAMES) {
      const session = await connect(url, { displayName });
      const mesh = await Mesh.join(session, room, { RTCPeerConnection: CountedConnection });
      mesh.on("track", ({ peer, track }) => show(`mesh: ${displayName} sees ${peer.member?.displayName}`, track));
      const note = (what: string) => marked > 0 && changes.push(`${Math.round(performance.now() - marked)} ms ${displayName}: ${what}`);
      mesh.on("peer", ({ peer }) => note(`new ${peer.member?.displayName}`));
      mesh.on("peerState", ({ peer, state, before }) => note(`${peer.member?.displayName} ${before} ${state}`));
      mesh.on("rejoined", () => note("rejoined"));
      mesh.on("adopted", () => (adopted += 1));
      mesh.channel("chat").on("message", ({ data }) => heard.push(String(data)));
      for (const track of stream.getTracks()) mesh.addTrack(track, stream);
      sessions.push(session);
      meshes.push(mesh);
    }
    await startPeerJs(url, room, stream);
  },
  missing() {
    const seen = [...videos.values()].filter(({ last }) => performance.now() - last < 1_000).length;
    const lacking = seen < 2 * NAMES.length * (NAMES.length - 1) ? [`${seen} videos move`] : [];
    return meshes.flatMap((mesh, at) => {
      if (sessions[at]?.state !== "connected" || mesh.room.closed) return [`${NAMES[at]} is not in the room`];
      const absent = [...mesh.peers.values()].filter(({ id, state }) => state !== "connected" || !mesh.room.members.has(id));
      if (mesh.room.members.size !== 3 || mesh.peers.size !== 3 || absent.length > 0) {
        return [`${NAMES[at]} has ${mesh.room.members.size} members, ${mesh.peers.size} peers, ${absent.length} absent`];
      }
      return mesh.channel("chat").peers.length === 3 ? [] : [`${NAMES[at]} has closed channels`];
    }).concat(lacking);
  },
  mark() {
    const now = (marked = performance.now());
    changes.length = 0;
    for (const video of videos.values()) Object.assign(video, { last: now, gap: 0 });
  },
  gaps() {
    const now = performance.now();
    const worst = (prefix: string) =>
      Math.max(...[...videos].filter(([name]) => name.startsWith(prefix)).map(([, { last, gap }]) => Math.max(gap, now - last)));
    return { mesh: Math.round(worst("mesh")), peerJs: Math.round(worst("peerjs")) };
  },
  changes: () => changes,
  made: () => ({ connections, adopted }),
  say: (text) => meshes.reduce((sum, mesh) => sum + mesh.channel("chat").send(text), 0),
  heard: (text) => heard.filter((line) => line === text).length,
};
Object.assign(globalThis, { page });

/** Plays a video and notes when it displays a frame. */
function show(name: string, track: MediaStreamTrack): void {
  const video = document.createElement("video");
  Object.assign(video, { muted: true, autoplay: true, srcObject: new MediaStream([track]), width: 80, height: 60 });
  document.body.append(video);
  // The same entry for a video that takes the place of another one: what a person sees.
  if (!videos.has(name)) videos.set(name, { last: performance.now(), gap: 0 });
  const displayed = (now: number) => {
    const known = videos.get(name);
    if (known) Object.assign(known, { last: now, gap: Math.max(known.gap, now - known.last) });
    video.requestVideoFrameCallback(displayed);
  };
  video.requestVideoFrameCallback(displayed);
  track.addEventListener("ended", () => video.remove());
}

/** The same call with PeerJS, as its documentation shows it; its clients connect to the server again when they have lost it. */
async function startPeerJs(url: string, room: string, stream: MediaStream): Promise<void> {
  const { hostname, port } = new URL(url);
  const peers: PeerJs[] = [];
  for (const name of NAMES) {
    const peer = new PeerJs(`${room}-${name}`, { host: hostname, port: Number(port), path: "/peerjs", debug: 0 });
    await new Promise((resolve) => peer.on("open", resolve));
    peer.on("error", () => undefined);
    peer.on("disconnected", () => setTimeout(() => peer.disconnected && !peer.destroyed && peer.reconnect(), 500));
    const plays = (call: MediaConnection) =>
      call.on("stream", (theirs) => {
        const [track] = theirs.getVideoTracks();
        if (track) show(`peerjs: ${name} sees ${call.peer}`, track);
      });
    peer.on("call", (call) => {
      plays(call);
      call.answer(stream);
    });
    for (const other of peers) plays(peer.call(other.id, stream));
    peers.push(peer);
  }
}
