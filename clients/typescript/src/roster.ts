import type { MemberJson, RoomInfoJson } from "./gen/wigwag/v1/room_pb.js";
import { type Member, memberFrom, type RoomInfo, roomInfoFrom } from "./model.js";

/** A change of a room's roster. */
export type RosterChange =
  /** A peer joined. Reported once for each join, before the first signal of that peer. */
  | { type: "joined"; member: Member }
  /** A member's name, metadata, role or state changed; `before` is what it was. */
  | { type: "updated"; member: Member; before: Member }
  /**
   * A peer left. `reason` is the name of an `ErrorReason`, for instance LEFT or EXPIRED; empty if it left while this client had
   * no connection.
   */
  | { type: "left"; member: Member; reason: string }
  /** The room itself changed: owner, name, limits or metadata. */
  | { type: "changed"; info: RoomInfo; before: RoomInfo };

/**
 * The members of a room, from the frames of the server. Each method applies one frame and returns what it changed, so that every
 * change is reported once, whether it arrived by itself or in a whole roster.
 */
export class Roster {
  /** The other members by peer id, in the order in which they joined. */
  readonly members = new Map<string, Member>();
  #version = 0;

  constructor(
    private room: RoomInfo,
    private self: Member,
  ) {}

  /** The latest known version of the room. */
  get version(): number {
    return this.#version;
  }

  /** The settings of the room. */
  get info(): RoomInfo {
    return this.room;
  }

  /** This session's own entry. */
  get me(): Member {
    return this.self;
  }

  /** Applies a whole roster that replaces changes. `me` is absent in a `roster` frame, which leaves its receiver out. */
  replace(
    version: number,
    info: RoomInfoJson | undefined,
    members: readonly MemberJson[],
    me?: MemberJson,
  ): RosterChange[] {
    if (version < this.#version) return [];
    this.#version = version;
    const now = new Map(members.map((json) => [json.peerId ?? "", memberFrom(json)]));
    const changes: RosterChange[] = [];
    for (const member of this.members.values()) {
      const after = now.get(member.peerId);
      if (!after || after.joinedAt.getTime() !== member.joinedAt.getTime()) {
        changes.push({ type: "left", member, reason: "" });
        this.members.delete(member.peerId);
      }
    }
    const known = new Map(this.members);
    this.members.clear();
    for (const member of now.values()) {
      const before = known.get(member.peerId);
      this.members.set(member.peerId, before && same(before, member) ? before : member);
      if (!before) changes.push({ type: "joined", member });
      else if (!same(before, member)) changes.push({ type: "updated", member, before });
    }
    if (me) changes.push(...this.#update(memberFrom(me)));
    changes.push(...this.#change(info));
    return changes;
  }

  /** Applies `member_joined`. */
  joined(version: number, json: MemberJson): RosterChange[] {
    if (!this.#advance(version)) return [];
    const member = memberFrom(json);
    if (member.peerId === this.self.peerId || this.members.has(member.peerId)) return this.#update(member);
    this.members.set(member.peerId, member);
    return [{ type: "joined", member }];
  }

  /** Applies `member_updated`. */
  updated(version: number, json: MemberJson): RosterChange[] {
    return this.#advance(version) ? this.#update(memberFrom(json)) : [];
  }

  /** Applies a change this session made to its own entry: metadata is merged, and an empty value deletes its key. */
  edited({ displayName, metadata }: { displayName?: string; metadata?: Record<string, string> }): RosterChange[] {
    const merged = { ...this.self.metadata, ...metadata };
    for (const [key, value] of Object.entries(merged)) if (value === "") delete merged[key];
    return this.#update({ ...this.self, displayName: displayName ?? this.self.displayName, metadata: merged });
  }

  /** Applies `member_left`. */
  left(version: number, peerId: string, reason: string): RosterChange[] {
    const member = this.#advance(version) ? this.members.get(peerId) : undefined;
    if (!member) return [];
    this.members.delete(peerId);
    return [{ type: "left", member, reason }];
  }

  /** Applies `room_updated`. */
  changed(version: number, info: RoomInfoJson | undefined): RosterChange[] {
    return this.#advance(version) ? this.#change(info) : [];
  }

  /** Returns false for a version older than the known one. Several frames may have the same version. */
  #advance(version: number): boolean {
    if (version < this.#version) return false;
    this.#version = version;
    return true;
  }

  #update(member: Member): RosterChange[] {
    const own = member.peerId === this.self.peerId;
    const before = own ? this.self : this.members.get(member.peerId);
    if (!before || same(before, member)) return [];
    if (own) this.self = member;
    else this.members.set(member.peerId, member);
    return [{ type: "updated", member, before }];
  }

  #change(json: RoomInfoJson | undefined): RosterChange[] {
    if (!json) return [];
    const before = this.room;
    const info = roomInfoFrom(before.room, json);
    const changes: RosterChange[] = [];
    if (!same(before, info)) {
      this.room = info;
      changes.push({ type: "changed", info, before });
    }
    // The frame names the new owner; the roles of the members follow from it.
    for (const member of [this.self, ...this.members.values()]) {
      const role = member.peerId === info.owner ? "owner" : "member";
      if (role !== member.role) changes.push(...this.#update({ ...member, role }));
    }
    return changes;
  }
}

/** Compares by JSON, since members and rooms are flat apart from their metadata and dates. */
function same<T extends Member | RoomInfo>(a: T, b: T): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: Member | RoomInfo): string {
  return JSON.stringify({ ...value, metadata: Object.entries(value.metadata).sort() });
}
