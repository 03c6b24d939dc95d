import { useEffect, useState } from "react";
import { Mesh, type MeshOptions, type Peer } from "../rtc/index.js";
import type { Session } from "../session.js";
import { Holds } from "./holds.js";

/** What {@link useMesh} gives. */
export interface UseMesh {
  /** The mesh, once joined: for tracks, channels and events. */
  readonly mesh: Mesh | undefined;
  /** The others, in the order in which they joined. A new array after each change of one of them or of what it sends. */
  readonly peers: readonly Peer[];
  /** `closed` when the room or the session is over; `failed` when it could not be joined, as `error` says. */
  readonly state: "joining" | "joined" | "closed" | "failed";
  /** Why it could not be joined, or not again. */
  readonly error: Error | undefined;
}

const NOTHING: UseMesh = { mesh: undefined, peers: [], state: "joining", error: undefined };
const holds = new Holds<Session, Promise<Mesh>>();

/**
 * A connection to everybody in a room, while a component that uses it is there. Components share it: the first one joins,
 * with its options, and the room is left after the last. With no session yet it waits for one. What a peer sends is in
 * `peer.tracks`, how its connection is in `peer.state`.
 *
 * Use it or {@link useRoom} for a room, not both: either leaves the room. `mesh.room` has the members.
 */
export function useMesh(session: Session | undefined, name: string, options: Omit<MeshOptions, "signal"> = {}): UseMesh {
  const [result, setResult] = useState<UseMesh>(NOTHING);
  useEffect(() => {
    setResult(NOTHING);
    if (!session) return undefined;
    return watchMesh(session, name, options, setResult);
    // Options are those of the first join; another object with each render is no reason to join again.
  }, [session, name]);
  return result;
}

/** Joins, and tells of every change until the returned function is called. */
function watchMesh(session: Session, name: string, options: MeshOptions, tell: (result: UseMesh) => void): () => void {
  let stopped = false;
  const cleanups: Array<() => void> = [];
  const [joining, letGo] = holds.take(
    session,
    name,
    () => Mesh.join(session, name, options),
    (joined) => void joined.then((mesh) => mesh.close()).catch(() => undefined),
  );
  cleanups.push(letGo);
  const watch = (mesh: Mesh): void => {
    const over = (error: Error | undefined) => {
      holds.drop(session, name, joining);
      tell({ mesh, peers: [], state: "closed", error });
    };
    if (mesh.closed) {
      over(undefined);
      return;
    }
    const update = () => {
      if (!mesh.closed) tell({ mesh, peers: [...mesh.peers.values()], state: "joined", error: undefined });
    };
    for (const type of ["peer", "peerState", "track", "trackEnded", "channel", "rejoined"] as const) {
      cleanups.push(mesh.on(type, update));
    }
    cleanups.push(mesh.on("closed", ({ error }) => over(error)));
    update();
  };
  joining.then(
    (mesh) => {
      if (!stopped) watch(mesh);
    },
    (error: unknown) => {
      holds.drop(session, name, joining);
      if (!stopped) tell({ ...NOTHING, state: "failed", error: error as Error });
    },
  );
  return () => {
    stopped = true;
    for (const cleanup of cleanups.splice(0)) cleanup();
  };
}
