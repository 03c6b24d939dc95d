// A call between all who open the same link. Wigwag carries the signaling; media and chat go directly between tabs.
import { connect, WigwagError, type Session } from "@wigwag/client";
import { Mesh, type Peer } from "@wigwag/client/rtc";
import { Chat } from "./chat.js";
import { Controls } from "./controls.js";
import { Media } from "./media.js";
import { DEMO_ROOM, personName, roomName } from "./names.js";
import { find, offerLink, showEnd, showState } from "./page.js";
import { endOf, problemOf, resetText } from "./problems.js";
import { Stage } from "./stage.js";
import { StatusLine } from "./status.js";
import { accessToken, askForToken, needsToken } from "./token.js";

/** Keys in sessionStorage of what a reload of the tab needs. */
const SESSION_KEY = "wigwag-session";
const NAME_KEY = "wigwag-name";

// First: it takes the token out of the address.
const token = accessToken();
const name = (sessionStorage[NAME_KEY] ??= personName()) as string;
if (location.hash.length < 2) history.replaceState(null, "", `#${DEMO_ROOM}`);
const roomInHash = decoded(location.hash.slice(1));
find("#room-name").textContent = roomInHash;
document.title = `${roomInHash} · Wigwag call`;

const stage = new Stage();
const chat = new Chat();
let session: Session | undefined;
let status: StatusLine | undefined;
const media = new Media(publishMedia);
const controls = new Controls(media, leave);

stage.self("", name);
offerLink(document.querySelectorAll<HTMLButtonElement>("#copy, #invite"));
find("#again").addEventListener("click", () => location.reload());
for (const link of document.querySelectorAll<HTMLAnchorElement>(".new-room")) link.href = `#${roomName()}`;
find("#demo-hint").hidden = roomInHash !== DEMO_ROOM;
// Each room is a fresh load of the page.
addEventListener("hashchange", () => location.reload());

async function main(): Promise<void> {
  const replaces = formerSession();
  session = await connect(".", { displayName: name, ...(replaces && { replaces }), ...(token && { token }) });
  session.on("reconnecting", () => showState("reconnecting", "Reconnecting…"));
  session.on("resumed", () => {
    if (session) keepToken(session);
    showState("connected", "Connected");
  });
  session.on("reset", ({ reason }) => chat.event(resetText(reason)));
  session.on("closed", ({ error }) => {
    media.stop();
    if (error) return showError(error);
    showEnd("You left", "The call continues without you.");
  });
  call(await Mesh.join(session, roomInHash));
}

/** Shows the peers of a mesh, their media and the end of the call. */
function call(mesh: Mesh): void {
  const channel = chat.join(mesh, () => {
    for (const peer of mesh.peers.values()) stage.connection(peer, channel.peers.includes(peer));
  });
  status = new StatusLine(mesh, (peer, received) => stage.status(peer.id, received));
  media.sendTo(mesh);
  watchRoom(mesh);
  mesh.on("peer", ({ peer }) => stage.add(peer));
  mesh.on("peerState", ({ peer, state }) => {
    if (state === "closed") stage.remove(peer.id);
    else stage.connection(peer, channel.peers.includes(peer));
  });
  mesh.on("adopted", ({ peer, before }) => stage.adopted(peer, before));
  mesh.on("track", ({ peer }) => stage.media(peer));
  mesh.on("trackEnded", ({ peer }) => stage.media(peer));
  mesh.on("error", ({ error }) => console.warn("a peer connection failed and is being restarted:", error));
  mesh.on("rejoined", () => watchRoom(mesh));
  mesh.on("closed", ({ reason, error }) => {
    if (session?.state === "closed" || reason === "LEFT") return;
    const { title, text } = error ? problemOf(error) : endOf(reason);
    media.stop();
    showEnd(title, text);
  });
  mesh.peers.forEach((peer: Peer) => stage.add(peer));
  publishMedia();
}

/** Shows joins, updates and departures in a room. Called again after a reset, with a new room object. */
function watchRoom({ room, session }: Mesh): void {
  keepToken(session);
  room.on("joined", ({ member }) => chat.event(`${member.displayName} joined`));
  room.on("updated", ({ member }) => stage.member(member));
  room.on("left", ({ member }) => chat.event(`${member.displayName} left`));
  stage.self(session.peerId, name);
  showState("connected", "Connected");
}

/** Shows why the call could not start, or why it ended. */
function showError(error: unknown): void {
  const { title, text } = problemOf(error);
  if (error instanceof WigwagError && needsToken(error.reason)) askForToken();
  showEnd(title, text);
}

function publishMedia(): void {
  const { microphone, picture, stream } = media;
  stage.selfMedia(stream, { microphone, picture });
  controls.update();
  status?.publish({ microphone, picture });
}

function leave(): void {
  media.stop();
  void session?.close();
}

/** Stores the token for the next load of this tab. */
function keepToken({ sessionToken }: Session): void {
  sessionStorage[SESSION_KEY] = sessionToken;
}

/** Returns the session that a reload replaces. A reload loses all peer connections, so it does not resume. */
function formerSession(): string | undefined {
  const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  // A duplicated tab has a copy of the storage, but the session of its original is still in use.
  return entry?.type === "reload" ? (sessionStorage[SESSION_KEY] as string | undefined) : undefined;
}

/** Decodes a hash; returns it unchanged if it was typed by hand and is not valid. */
function decoded(hash: string): string {
  try {
    return decodeURIComponent(hash);
  } catch {
    return hash;
  }
}

main().catch(showError);
