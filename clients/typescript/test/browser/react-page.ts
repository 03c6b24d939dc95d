// The script of the tab of the React test: components in StrictMode, and a second session that watches them.
import { createElement as h, StrictMode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { connect, type Session } from "../../src/index.js";
import { useMesh, useRoom } from "../../src/react/index.js";
import { Mesh } from "../../src/rtc/index.js";

/** The functions of the tab. */
export interface ReactPage {
  /** Connects the session of the components, and a watcher that joins the rooms first. */
  start(url: string, rooms: string[]): Promise<void>;
  /** Shows two components that use the same room, in StrictMode. */
  showRoom(room: string): void;
  /** Shows a component that uses a mesh, in StrictMode. */
  showMesh(room: string): void;
  /** Shows a component, unmounts it and shows it again, before the server can have answered the first join. */
  remount(kind: "room" | "mesh", room: string): Promise<void>;
  /** Unmounts the components. */
  hide(): void;
  /** Returns the events of the watcher: `joined` and `left`, in order. */
  seen(): string[];
  /** Returns the rooms of the components' session. */
  rooms(): string[];
  /** Changes the name of the components' session in a room. Resolves when the server has confirmed it. */
  rename(room: string, displayName: string): Promise<void>;
  /** Makes the watcher leave the room. */
  watcherLeaves(room: string): Promise<void>;
  /** Closes the session of the components. */
  end(): Promise<void>;
}

/** Delays what is sent, so that an answer takes at least this long. */
const SLOW_MS = 200;

class SlowSocket extends WebSocket {
  override send(data: string): void {
    setTimeout(() => super.send(data), SLOW_MS);
  }
}

const host = document.body.appendChild(document.createElement("div"));
const seen: string[] = [];
const meshes = new Map<string, Mesh>();
let session: Session;
let root: Root | undefined;

function Members({ room, id }: { room: string; id: string }) {
  const { members, me, state, error } = useRoom(session, room, { displayName: "reactor" });
  const names = members.map(({ displayName }) => displayName).join();
  return h("p", { id, "data-state": state }, `${me?.displayName ?? "?"} with ${names}`, error?.message);
}

function Peers({ room }: { room: string }) {
  const { peers, state } = useMesh(session, room, { displayName: "reactor" });
  const text = peers.map((peer) => `${peer.member?.displayName} ${peer.state}`).join();
  return h("p", { id: "peers", "data-state": state }, text);
}

const page: ReactPage = {
  async start(url, rooms) {
    session = await connect(url, { webSocket: SlowSocket });
    const watcher = await connect(url);
    for (const name of rooms) {
      const mesh = await Mesh.join(watcher, name, { displayName: "watcher" });
      meshes.set(name, mesh);
      mesh.room.on("joined", () => seen.push("joined"));
      mesh.room.on("left", () => seen.push("left"));
    }
  },
  showRoom(room) {
    root = createRoot(host);
    root.render(h(StrictMode, null, h(Members, { room, id: "one" }), h(Members, { room, id: "two" })));
  },
  showMesh(room) {
    root = createRoot(host);
    root.render(h(StrictMode, null, h(Peers, { room })));
  },
  async remount(kind, room) {
    const show = () => {
      if (kind === "room") page.showRoom(room);
      else page.showMesh(room);
    };
    show();
    for (const step of [() => page.hide(), show]) {
      await new Promise((resolve) => setTimeout(resolve, SLOW_MS / 4));
      step();
    }
  },
  hide: () => root?.unmount(),
  seen: () => seen.splice(0),
  rooms: () => [...session.rooms.keys()],
  rename: async (room, displayName) => session.rooms.get(room)?.update({ displayName }),
  watcherLeaves: async (room) => meshes.get(room)?.close(),
  end: () => session.close(),
};
Object.assign(globalThis, { page });
