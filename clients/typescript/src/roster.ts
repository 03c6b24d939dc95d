import type { MemberJson, RoomInfoJson } from "./gen/wigwag/v1/room_pb.js";
import { type Member, memberFrom, type RoomInfo, roomInfoFrom } from "./model.js";

/** A change of a room's roster. */
export type RosterChange =
  /** A peer joined. Told once for each join, and before the first signal of that peer. */
  | { type: "joined"; member: Member }
  /** A member's name, metadata, role or state changed; `before` is what it was. */
  | { type: "updated"; member: Member; before: Member }
  /**
   * A peer left. `reason` is the name of an `ErrorReason`, for instance LEFT or EXPIRED; empty when it left while this
   * client was away and the reason is no longer known.
   */
  | { type: "left"; member: Member; reason: string }
  /** The room itself changed: owner, name, limits or metadata. */
  | { type: "changed"; info: RoomInfo; before: RoomInfo };

/**
 * Who is in a room, from what the server tells. Each method takes one message in and returns what is news in it, so that
 * everything is told once, whether it came as a change or in a whole roster.
 */
export class Roster {
  /** The others by peer id, in the order in which they joined. */
  readonly members = new Map<string, Member>();
  #version = 0;

  constructor(
    private room: RoomInfo,
    private self: Member,
  ) {}

  /** The room's version as last heard. */
  get version(): number {
    return this.#version;
  }

  /** The room. */
  get info(): RoomInfo {
    return this.room;
  }

  /** One's own entry. */
  get me(): Member {
    return this.self;
  }

  /** The whole room, in place of changes. `me` is absent in a roster that leaves its receiver out. */
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

  /** A `member_joined`. */
  joined(version: number, json: MemberJson): RosterChange[] {
    if (!this.#advance(version)) return [];
    const member = memberFrom(json);
    if (member.peerId === this.self.peerId || this.members.has(member.peerId)) return this.#update(member);
    this.members.set(member.peerId, member);
    return [{ type: "joined", member }];
  }

  /** A `member_updated`. */
  updated(version: number, json: MemberJson): RosterChange[] {
    return this.#advance(version) ? this.#update(memberFrom(json)) : [];
  }

  /** One's own entry was changed from here: metadata is merged, an empty value deletes its key. */
  edited({ displayName, metadata }: { displayName?: string; metadata?: Record<string, string> }): RosterChange[] {
    const merged = { ...this.self.metadata, ...metadata };
    for (const [key, value] of Object.entries(merged)) if (value === "") delete merged[key];
    return this.#update({ ...this.self, displayName: displayName ?? this.self.displayName, metadata: merged });
  }

  /** A `member_left`. */
  left(version: number, peerId: string, reason: string): RosterChange[] {
    const member = this.#advance(version) ? this.members.get(peerId) : undefined;
    if (!member) return [];
    this.members.delete(peerId);
    return [{ type: "left", member, reason }];
  }

  /** A `room_updated`. */
  changed(version: number, info: RoomInfoJson | undefined): RosterChange[] {
    return this.#advance(version) ? this.#change(info) : [];
  }

  /** What is older than what is known says nothing. Several messages may belong to one version. */
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
    // The owner is told with the room; the members' roles follow.
    for (const member of [this.self, ...this.members.values()]) {
      const role = member.peerId === info.owner ? "owner" : "member";
      if (role !== member.role) changes.push(...this.#update({ ...member, role }));
    }
    return changes;
  }
}

/** Members and rooms are flat but for their metadata and dates. */
function same<T extends Member | RoomInfo>(a: T, b: T): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: Member | RoomInfo): string {
  return JSON.stringify({ ...value, metadata: Object.entries(value.metadata).sort() });
}
