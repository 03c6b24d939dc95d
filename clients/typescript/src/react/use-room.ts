import { useEffect, useState } from "react";
import type { Member } from "../model.js";
import type { Room } from "../room.js";
import type { JoinOptions, Session } from "../session.js";
import { giveUp, join, type Joining } from "./joining.js";
import { SharedResources } from "./shared-resources.js";

/** The result of {@link useRoom}. */
export interface UseRoom {
  /** The room, once joined. */
  readonly room: Room | undefined;
  /** The other members, in the order in which they joined. A new array after each change. */
  readonly members: readonly Member[];
  /** This session's own entry, once joined. */
  readonly me: Member | undefined;
  /**
   * `left` when this session is no longer a member, or the room or the session ended; `failed` when the room could not be joined,
   * as `error` says.
   */
  readonly state: "joining" | "joined" | "left" | "failed";
  /** Why the room could not be joined. */
  readonly error: Error | undefined;
}

const NOTHING: UseRoom = { room: undefined, members: [], me: undefined, state: "joining", error: undefined };
const rooms = new SharedResources<Session, Joining<Room>>();

/**
 * Joins a room while a component uses it. Components share the room: the first one joins it, with its options, and it is left
 * after the last one. It is joined again after a reset of the session. Waits while `session` is undefined.
 */
export function useRoom(session: Session | undefined, name: string, options: Omit<JoinOptions, "signal"> = {}): UseRoom {
  const [result, setResult] = useState<UseRoom>(NOTHING);
  useEffect(() => {
    setResult(NOTHING);
    if (!session) return undefined;
    return watchRoom(session, name, options, setResult);
    // The options of the first join count: a new object with each render must not join again.
  }, [session, name]);
  return result;
}

/** Joins, and reports every change until the returned function is called. */
function watchRoom(
  session: Session,
  name: string,
  options: JoinOptions,
  report: (result: UseRoom) => void,
): () => void {
  let stopped = false;
  const cleanups: Array<() => void> = [];
  const enter = (): void => {
    const [joining, release] = rooms.take(
      session,
      name,
      () => join((signal) => session.join(name, { ...options, signal })),
      (unused) => giveUp(unused, (room) => room.giveBack()),
    );
    cleanups.push(release);
    joining.joined.then(
      (room) => {
        if (!stopped) watch(room, joining, session.peerId);
      },
      (error: unknown) => {
        rooms.drop(session, name, joining);
        if (!stopped) report({ ...NOTHING, state: "failed", error: error as Error });
      },
    );
  };
  const watch = (room: Room, joining: Joining<Room>, peerId: string): void => {
    const update = () => report({ room, members: [...room.members.values()], me: room.me, state: "joined", error: undefined });
    const ended = () => {
      rooms.drop(session, name, joining);
      report({ ...NOTHING, room, state: "left" });
      // Another peer id means that the session was reset, so its rooms must be joined again.
      if (session.state !== "closed" && session.peerId !== peerId) enter();
    };
    if (room.closed) {
      ended();
      return;
    }
    update();
    for (const type of ["joined", "updated", "left", "changed"] as const) cleanups.push(room.on(type, update));
    cleanups.push(room.on("closed", ended));
  };
  enter();
  return () => {
    stopped = true;
    for (const cleanup of cleanups.splice(0)) cleanup();
  };
}
