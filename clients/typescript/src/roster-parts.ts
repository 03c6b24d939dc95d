import type { ServerFrameJson } from "./gen/wigwag/v1/frame_pb.js";
import type { MemberJson } from "./gen/wigwag/v1/room_pb.js";
import { protocolError } from "./session-core.js";

/**
 * Puts the parts of a large roster together. A room appears with all its members at once, and what is known of it stays as it was
 * until the last part has arrived: a resume before that asks for all of it again.
 */
export class RosterParts {
  #first: ServerFrameJson | undefined;
  #members: MemberJson[] = [];

  /** Returns the frame to handle: a `joined` or `roster` with all its members, or any other. Undefined: more parts follow. */
  add(frame: ServerFrameJson): ServerFrameJson | undefined {
    if (!this.#first) return this.#begin(frame);
    const { roster } = frame;
    if (!roster) {
      // Only frames that have nothing to do with the session's state may come between parts.
      if (frame.ping || Object.keys(frame).every((field) => field === "ack")) return frame;
      throw protocolError("the server sent another frame between the parts of a roster");
    }
    const first = this.#first.joined ?? this.#first.roster;
    if (roster.room !== first?.room || roster.version !== first?.version) {
      throw protocolError("the server sent a part of another roster");
    }
    this.#members.push(...(roster.members ?? []));
    return roster.more ? undefined : this.#whole(frame.ack);
  }

  #begin(frame: ServerFrameJson): ServerFrameJson | undefined {
    const part = frame.joined ?? frame.roster;
    if (!part?.more) return frame;
    this.#first = frame;
    this.#members = [...(part.members ?? [])];
    return undefined;
  }

  #whole(ack: number | undefined): ServerFrameJson {
    const { joined, roster, ...numbers } = this.#first as ServerFrameJson;
    const parts = { members: this.#members, more: false };
    this.#first = undefined;
    this.#members = [];
    const latest = { ...numbers, ...(ack !== undefined && { ack }) };
    return joined ? { ...latest, joined: { ...joined, ...parts } } : { ...latest, roster: { ...roster, ...parts } };
  }
}
