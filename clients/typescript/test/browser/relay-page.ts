// The script of the tabs of the relay test: a mesh whose connections use TURN servers only.
import { connect, type Session } from "../../src/index.js";
import { Mesh } from "../../src/rtc/index.js";

/** The functions of a tab. */
export interface RelayPage {
  /** Joins a room, and sends a number to its members again and again. */
  join(url: string, room: string): Promise<void>;
  /** Returns the states that the connection to the other member went through. */
  states(): string[];
  /** Returns how many numbers came, and whether one was missing. */
  received(): { count: number; complete: boolean };
  /** Returns the kinds of the candidates in use, and the address of the own relay: `relay relay 127.0.0.1:49152`. */
  route(): Promise<string>;
  /** Returns the ICE servers of the session. */
  given(): RTCIceServer[];
  /** Returns the ICE servers that the connection to the other member has. */
  configured(): RTCIceServer[];
  /** Returns how often the server sent new ICE servers. */
  renewals(): number;
  /** Opens the path between the peers anew. */
  restartIce(): void;
  /** Asks these servers for a relay; resolves with what came: `relay`, or the errors' codes. */
  gather(servers: RTCIceServer[]): Promise<string[]>;
}

const INTERVAL_MS = 20;

let session: Session;
let mesh: Mesh;
let renewals = 0;
let count = 0;
let complete = true;
const states: string[] = [];

const page: RelayPage = {
  async join(url, room) {
    session = await connect(url);
    session.on("ice-servers", () => (renewals += 1));
    mesh = await Mesh.join(session, room, { configuration: { iceTransportPolicy: "relay" } });
    mesh.on("peerState", ({ state }) => states.push(state));
    const numbers = mesh.channel("numbers");
    numbers.on("message", ({ data }) => {
      complete &&= Number(data) === count;
      count += 1;
    });
    let next = 0;
    setInterval(() => {
      if (numbers.send(String(next)) > 0) next += 1;
    }, INTERVAL_MS);
  },
  states: () => states,
  received: () => ({ count, complete }),
  async route() {
    const stats = await connection().getStats();
    for (const pair of stats.values() as Iterable<RTCIceCandidatePairStats>) {
      if (pair.type !== "candidate-pair" || pair.state !== "succeeded" || !pair.nominated) continue;
      const transport = [...stats.values()].find(({ type }) => type === "transport") as RTCTransportStats;
      if (transport.selectedCandidatePairId !== pair.id) continue;
      const local = stats.get(pair.localCandidateId);
      const remote = stats.get(pair.remoteCandidateId);
      return `${local.candidateType} ${remote.candidateType} ${local.address}:${local.port}`;
    }
    return "none";
  },
  given: () => session.iceServers,
  configured: () => connection().getConfiguration().iceServers ?? [],
  renewals: () => renewals,
  restartIce: () => connection().restartIce(),
  async gather(iceServers) {
    const probe = new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" });
    const found: string[] = [];
    probe.onicecandidateerror = ({ errorCode }) => found.push(String(errorCode));
    const gathered = new Promise<void>((resolve) => {
      probe.onicecandidate = ({ candidate }) => {
        if (candidate?.candidate) found.push(String(candidate.type));
        else if (!candidate) resolve();
      };
    });
    probe.createDataChannel("probe");
    await probe.setLocalDescription();
    await gathered;
    probe.close();
    return found;
  },
};
Object.assign(globalThis, { page });

function connection(): RTCPeerConnection {
  const [peer] = mesh.peers.values();
  if (!peer) throw new Error("no other member");
  return peer.rtc;
}
