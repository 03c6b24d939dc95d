// A call between everybody who opens the same link. Wigwag introduces the tabs; media and chat go from tab to tab.
import { connect, type Member, type Room, type Session, WigwagError } from "@wigwag/client";
import { Call } from "./call.js";
import { Chat } from "./chat.js";
import { cameraProblem, Media } from "./media.js";
import { personName, roomName } from "./names.js";
import { find, Stage } from "./stage.js";

/** Where a tab keeps what its next load needs to know. */
const SESSION_KEY = "wigwag-session";
const NAME_KEY = "wigwag-name";

const stage = new Stage();
const media = new Media();
const calls = new Map<string, Call>();
const chat = new Chat((text) => calls.forEach((call) => call.say(text)));

const name = (sessionStorage[NAME_KEY] ??= personName()) as string;
if (location.hash.length < 2) history.replaceState(null, "", `#${roomName()}`);
const roomInHash = decodeURIComponent(location.hash.slice(1));
find("#room-name").textContent = roomInHash;
document.title = `${roomInHash} · Wigwag call`;
stage.self("", name);
// Another room is another page.
addEventListener("hashchange", () => location.reload());

function state(state: string, text: string): void {
  document.body.dataset["state"] = state;
  find("#status-text").textContent = text;
}

function notice(text: string): void {
  const element = find("#notice");
  element.textContent = text;
  element.hidden = false;
  setTimeout(() => (element.hidden = true), 6_000);
}

function problem(error: unknown): void {
  const text = error instanceof WigwagError ? `${error.message} (${error.reason})` : String(error);
  state("closed", "Not connected");
  notice(text);
}

/** A reloaded page is a new session: its connections are gone. The old one ends before the new one is welcomed. */
function formerSession(): string | undefined {
  const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  // A duplicated tab has a copy of what its original keeps, whose session lives on.
  return entry?.type === "reload" ? (sessionStorage[SESSION_KEY] as string | undefined) : undefined;
}

async function main(): Promise<void> {
  const replaces = formerSession();
  const session = await connect(".", { displayName: name, ...(replaces && { replaces }) });
  session.on("reconnecting", () => state("reconnecting", "Reconnecting…"));
  session.on("resumed", () => {
    sessionStorage[SESSION_KEY] = session.sessionToken;
    state("connected", "Connected");
  });
  session.on("reset", () => {
    chat.event("The connection was away for too long. Joining again.");
    join(session).catch(problem);
  });
  session.on("closed", ({ error }) => {
    calls.forEach((_, peerId) => hangUp(peerId));
    if (error) problem(error);
    else state("closed", "You left");
  });
  find("#leave").addEventListener("click", () => {
    media.stop();
    showMedia();
    void session.close();
  });
  await join(session);
}

async function join(session: Session): Promise<void> {
  calls.forEach((_, peerId) => hangUp(peerId));
  const room = await session.join(roomInHash);
  sessionStorage[SESSION_KEY] = session.sessionToken;
  room.on("joined", ({ member }) => {
    meet(session, room, member);
    chat.event(`${member.displayName} came`);
  });
  room.on("updated", ({ member }) => {
    if (calls.has(member.peerId)) stage.member(member);
  });
  room.on("left", ({ member }) => {
    hangUp(member.peerId);
    chat.event(`${member.displayName} left`);
  });
  room.on("envelope", ({ from, payload }) => calls.get(from)?.receive(payload));
  room.on("undeliverable", ({ error }) => console.warn("a signal was not delivered:", error.reason));
  room.on("closed", ({ reason }) => {
    if (session.state !== "closed" && reason !== "LEFT") notice(`You are no longer in this room (${reason}).`);
  });
  stage.self(session.peerId, name);
  state("connected", "Connected");
  // Who finds others in the room makes the first offer.
  for (const member of room.members.values()) meet(session, room, member).start();
}

function meet(session: Session, room: Room, member: Member): Call {
  const { peerId, displayName } = member;
  stage.member(member);
  const call: Call = new Call(
    {
      polite: room.isPolite(peerId),
      iceServers: session.iceServers,
      // What cannot be sent any more is told by the session's own events.
      send: (payload) => void room.send(peerId, payload).catch(() => undefined),
    },
    {
      state: () => {
        if (calls.get(peerId) === call) stage.call(peerId, call);
        audience();
      },
      message: (text) => chat.heard(room.members.get(peerId)?.displayName ?? displayName, text),
      stream: (stream) => stage.video(peerId, stream),
    },
  );
  calls.set(peerId, call);
  if (media.stream) call.show(media.stream);
  return call;
}

function hangUp(peerId: string): void {
  calls.get(peerId)?.close();
  calls.delete(peerId);
  stage.remove(peerId);
  audience();
}

function audience(): void {
  chat.audience([...calls.values()].filter((call) => call.channel === "open").length);
}

function showMedia(): void {
  stage.selfVideo(media.stream);
  calls.forEach((call) => call.show(media.stream));
  find("#camera").setAttribute("aria-pressed", String(media.camera));
  find("#microphone").setAttribute("aria-pressed", String(media.microphone));
}

find("#camera").addEventListener("click", async () => {
  try {
    if (media.camera) media.stop();
    else await media.start();
    showMedia();
  } catch (error) {
    notice(cameraProblem(error));
  }
});

find("#microphone").addEventListener("click", () => {
  if (!media.stream) {
    notice("The microphone comes on with the camera.");
    return;
  }
  media.toggleMicrophone();
  find("#microphone").setAttribute("aria-pressed", String(media.microphone));
});

for (const button of document.querySelectorAll<HTMLButtonElement>("#copy, #invite")) {
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      const label = find(".copy-text", button);
      label.textContent = "Copied";
      button.dataset["copied"] = "";
      setTimeout(() => {
        label.textContent = "Copy link";
        delete button.dataset["copied"];
      }, 2_000);
    } catch {
      notice(`Copy this link: ${location.href}`);
    }
  });
}

main().catch(problem);
