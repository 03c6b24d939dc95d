import { useEffect, useState } from "react";
import type { Member } from "../model.js";
import type { Room } from "../room.js";
import type { JoinOptions, Session } from "../session.js";
import { Holds } from "./holds.js";

/** What {@link useRoom} gives. */
export interface UseRoom {
  /** The room, once joined. */
  readonly room: Room | undefined;
  /** The other members, in the order in which they joined. A new array after each change. */
  readonly members: readonly Member[];
  /** One's own entry, once joined. */
  readonly me: Member | undefined;
  /**
   * `left` when the room was left or ended, the member was removed, or the session is over; `failed` when it could not be
   * joined, as `error` says.
   */
  readonly state: "joining" | "joined" | "left" | "failed";
  /** Why the room could not be joined. */
  readonly error: Error | undefined;
}

const NOTHING: UseRoom = { room: undefined, members: [], me: undefined, state: "joining", error: undefined };
const holds = new Holds<Session, Promise<Room>>();

/**
 * A room and its members, joined while a component that uses it is there. Components share it: the first one joins, with
 * its options, and the room is left after the last. After a reset of the session it is joined again. With no session yet it
 * waits for one.
 */
export function useRoom(session: Session | undefined, name: string, options: Omit<JoinOptions, "signal"> = {}): UseRoom {
  const [result, setResult] = useState<UseRoom>(NOTHING);
  useEffect(() => {
    setResult(NOTHING);
    if (!session) return undefined;
    return watchRoom(session, name, options, setResult);
    // Options are those of the first join; another object with each render is no reason to join again.
  }, [session, name]);
  return result;
}

/** Joins, and tells of every change until the returned function is called. */
function watchRoom(
  session: Session,
  name: string,
  options: JoinOptions,
  tell: (result: UseRoom) => void,
): () => void {
  let stopped = false;
  const cleanups: Array<() => void> = [];
  const enter = (): void => {
    const [joining, letGo] = holds.take(
      session,
      name,
      () => session.join(name, options),
      (joined) => void joined.then((room) => room.leave()).catch(() => undefined),
    );
    cleanups.push(letGo);
    joining.then(
      (room) => {
        if (!stopped) watch(room, joining, session.peerId);
      },
      (error: unknown) => {
        holds.drop(session, name, joining);
        if (!stopped) tell({ ...NOTHING, state: "failed", error: error as Error });
      },
    );
  };
  const watch = (room: Room, joining: Promise<Room>, peerId: string): void => {
    const update = () => tell({ room, members: [...room.members.values()], me: room.me, state: "joined", error: undefined });
    const over = () => {
      holds.drop(session, name, joining);
      tell({ ...NOTHING, room, state: "left" });
      // Another peer id: the session was reset, and its rooms are to be joined again.
      if (session.state !== "closed" && session.peerId !== peerId) enter();
    };
    if (room.closed) {
      over();
      return;
    }
    update();
    for (const type of ["joined", "updated", "left", "changed"] as const) cleanups.push(room.on(type, update));
    cleanups.push(room.on("closed", over));
  };
  enter();
  return () => {
    stopped = true;
    for (const cleanup of cleanups.splice(0)) cleanup();
  };
}
