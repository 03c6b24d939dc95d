import { useEffect, useState } from "react";
import { Mesh, type MeshOptions, type Peer } from "../rtc/index.js";
import type { Session } from "../session.js";
import { giveUp, join, type Joining } from "./joining.js";
import { SharedResources } from "./shared-resources.js";

/** The result of {@link useMesh}. */
export interface UseMesh {
  /** The mesh, once joined, for tracks, channels and events. */
  readonly mesh: Mesh | undefined;
  /** The other peers, in the order in which they joined. A new array after each change of a peer or its tracks. */
  readonly peers: readonly Peer[];
  /** `closed` when the room or the session ended; `failed` when the room could not be joined, as `error` says. */
  readonly state: "joining" | "joined" | "closed" | "failed";
  /** Why the room could not be joined, or joined again. */
  readonly error: Error | undefined;
}

const NOTHING: UseMesh = { mesh: undefined, peers: [], state: "joining", error: undefined };
const meshes = new SharedResources<Session, Joining<Mesh>>();

/**
 * Connects to everybody in a room while a component uses it. Components share the mesh: the first one joins the room, with its
 * options, and the room is left after the last one. Waits while `session` is undefined. `peer.tracks` has the tracks of a peer,
 * `peer.state` the state of its connection.
 *
 * For one room use either this or {@link useRoom}, not both, since each leaves the room. `mesh.room` has the members.
 */
export function useMesh(session: Session | undefined, name: string, options: Omit<MeshOptions, "signal"> = {}): UseMesh {
  const [result, setResult] = useState<UseMesh>(NOTHING);
  useEffect(() => {
    setResult(NOTHING);
    if (!session) return undefined;
    return watchMesh(session, name, options, setResult);
    // The options of the first join count: a new object with each render must not join again.
  }, [session, name]);
  return result;
}

/** Joins, and reports every change until the returned function is called. */
function watchMesh(session: Session, name: string, options: MeshOptions, report: (result: UseMesh) => void): () => void {
  let stopped = false;
  const cleanups: Array<() => void> = [];
  const [joining, release] = meshes.take(
    session,
    name,
    () => join((signal) => Mesh.join(session, name, { ...options, signal })),
    (unused) => giveUp(unused, (mesh) => mesh.close()),
  );
  cleanups.push(release);
  const watch = (mesh: Mesh): void => {
    const ended = (error: Error | undefined) => {
      meshes.drop(session, name, joining);
      report({ mesh, peers: [], state: "closed", error });
    };
    if (mesh.closed) {
      ended(undefined);
      return;
    }
    const update = () => {
      if (!mesh.closed) report({ mesh, peers: [...mesh.peers.values()], state: "joined", error: undefined });
    };
    for (const type of ["peer", "peerState", "track", "trackEnded", "channel", "adopted", "rejoined"] as const) {
      cleanups.push(mesh.on(type, update));
    }
    cleanups.push(mesh.on("closed", ({ error }) => ended(error)));
    update();
  };
  joining.joined.then(
    (mesh) => {
      if (!stopped) watch(mesh);
    },
    (error: unknown) => {
      meshes.drop(session, name, joining);
      if (!stopped) report({ ...NOTHING, state: "failed", error: error as Error });
    },
  );
  return () => {
    stopped = true;
    for (const cleanup of cleanups.splice(0)) cleanup();
  };
}
