// A call between everybody who opens the same link. Wigwag introduces the tabs; media and chat go from tab to tab.
import { connect, type Session } from "@wigwag/client";
import { Mesh, type Peer } from "@wigwag/client/rtc";
import { Chat } from "./chat.js";
import { Controls } from "./controls.js";
import { Media } from "./media.js";
import { personName, roomName } from "./names.js";
import { find, offerLink, showEnd, showState } from "./page.js";
import { endOf, problemOf } from "./problems.js";
import { Stage } from "./stage.js";
import { StatusLine } from "./status.js";

/** Where a tab keeps what its next load needs to know. */
const SESSION_KEY = "wigwag-session";
const NAME_KEY = "wigwag-name";

const name = (sessionStorage[NAME_KEY] ??= personName()) as string;
if (location.hash.length < 2) history.replaceState(null, "", `#${roomName()}`);
const roomInHash = decoded(location.hash.slice(1));
find("#room-name").textContent = roomInHash;
document.title = `${roomInHash} · Wigwag call`;

const stage = new Stage();
const chat = new Chat();
let session: Session | undefined;
let status: StatusLine | undefined;
const media = new Media(tellMedia);
const controls = new Controls(media, leave);

stage.self("", name);
offerLink(document.querySelectorAll<HTMLButtonElement>("#copy, #invite"));
find("#again").addEventListener("click", () => location.reload());
// Another room is another page.
addEventListener("hashchange", () => location.reload());

async function main(): Promise<void> {
  const replaces = formerSession();
  session = await connect(".", { displayName: name, ...(replaces && { replaces }) });
  session.on("reconnecting", () => showState("reconnecting", "Reconnecting…"));
  session.on("resumed", () => {
    if (session) keepToken(session);
    showState("connected", "Connected");
  });
  session.on("reset", () => chat.event("The connection was away for too long. Joining again."));
  session.on("closed", ({ error }) => {
    media.stop();
    const problem = error ? problemOf(error) : { title: "You left", text: "The others can still call each other." };
    showEnd(problem.title, problem.text);
  });
  call(await Mesh.join(session, roomInHash));
}

/** Shows what happens in a mesh. */
function call(mesh: Mesh): void {
  const talk = chat.join(mesh, () => mesh.peers.forEach((peer) => stage.connection(peer, talk.peers.includes(peer))));
  status = new StatusLine(mesh, (peer, told) => stage.status(peer.id, told));
  media.sendTo(mesh);
  watchRoom(mesh);
  mesh.on("peer", ({ peer }) => stage.add(peer));
  mesh.on("peerState", ({ peer, state }) => {
    if (state === "closed") stage.remove(peer.id);
    else stage.connection(peer, talk.peers.includes(peer));
  });
  mesh.on("track", ({ peer }) => stage.media(peer));
  mesh.on("trackEnded", ({ peer }) => stage.media(peer));
  mesh.on("error", ({ error }) => console.warn("a connection is being mended:", error));
  mesh.on("rejoined", () => watchRoom(mesh));
  mesh.on("closed", ({ reason, error }) => {
    if (session?.state === "closed" || reason === "LEFT") return;
    const { title, text } = error ? problemOf(error) : endOf(reason);
    media.stop();
    showEnd(title, text);
  });
  mesh.peers.forEach((peer: Peer) => stage.add(peer));
  tellMedia();
}

/** Shows what happens in a room; after a reset there is another one. */
function watchRoom({ room, session }: Mesh): void {
  keepToken(session);
  room.on("joined", ({ member }) => chat.event(`${member.displayName} came`));
  room.on("updated", ({ member }) => stage.member(member));
  room.on("left", ({ member }) => chat.event(`${member.displayName} left`));
  stage.self(session.peerId, name);
  showState("connected", "Connected");
}

function tellMedia(): void {
  const { microphone, picture, stream } = media;
  stage.selfMedia(stream, { microphone, picture });
  controls.update();
  status?.tell({ microphone, picture });
}

function leave(): void {
  media.stop();
  void session?.close();
}

/** For the next load of this tab. */
function keepToken({ sessionToken }: Session): void {
  sessionStorage[SESSION_KEY] = sessionToken;
}

/** A reloaded page is a new session: its connections are gone. The old one ends before the new one is welcomed. */
function formerSession(): string | undefined {
  const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  // A duplicated tab has a copy of what its original keeps, whose session lives on.
  return entry?.type === "reload" ? (sessionStorage[SESSION_KEY] as string | undefined) : undefined;
}

/** People make links by hand, too. */
function decoded(hash: string): string {
  try {
    return decodeURIComponent(hash);
  } catch {
    return hash;
  }
}

main().catch((error: unknown) => {
  const { title, text } = problemOf(error);
  showEnd(title, text);
});
