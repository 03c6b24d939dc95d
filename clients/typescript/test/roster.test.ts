import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemberJson } from "../src/gen/wigwag/v1/room_pb.js";
import { memberFrom, roomInfoFrom } from "../src/model.js";
import { Roster, type RosterChange } from "../src/roster.js";

const member = (peerId: string, more: MemberJson = {}): MemberJson => ({
  peerId,
  displayName: peerId.toUpperCase(),
  joinedAt: "2026-01-01T00:00:00Z",
  ...more,
});

function roster(...others: MemberJson[]): Roster {
  const roster = new Roster(roomInfoFrom("r", { room: "r" }), memberFrom(member("me")));
  roster.replace(1, { room: "r" }, others, member("me"));
  return roster;
}

const reported = (changes: RosterChange[]) =>
  changes.map((change) =>
    change.type === "changed" ? "changed" : `${change.type} ${change.member.peerId}${"reason" in change ? ` ${change.reason}` : ""}`,
  );

describe("a roster", () => {
  it("keeps the order in which members joined", () => {
    const room = roster(member("b"), member("a"));
    room.joined(2, member("c"));
    room.updated(3, member("b", { displayName: "Bea" }));
    assert.deepEqual([...room.members.keys()], ["b", "a", "c"]);
    assert.equal(room.members.get("b")?.displayName, "Bea");
  });

  it("reports each join and leave once", () => {
    const room = roster();
    assert.deepEqual(reported(room.joined(2, member("a"))), ["joined a"]);
    assert.deepEqual(reported(room.joined(2, member("a"))), []);
    assert.deepEqual(reported(room.left(3, "a", "LEFT")), ["left a LEFT"]);
    assert.deepEqual(reported(room.left(3, "a", "LEFT")), []);
  });

  it("ignores versions older than the known one", () => {
    const room = roster();
    room.joined(5, member("a"));
    assert.deepEqual(reported(room.joined(4, member("b"))), []);
    assert.deepEqual(reported(room.replace(4, { room: "r" }, [])), []);
    assert.equal(room.version, 5);
  });

  it("reports what changed during an absence", () => {
    const room = roster(member("a"), member("b"), member("c"));
    const changes = room.replace(9, { room: "r" }, [
      member("b", { state: "STATE_RECONNECTING" }),
      member("c"),
      member("d"),
    ]);
    assert.deepEqual(reported(changes), ["left a ", "updated b", "joined d"]);
    assert.deepEqual(reported(room.replace(9, { room: "r" }, [...room.members.values()].map(asJson))), []);
  });

  it("reports a member that left and joined again during an absence", () => {
    const room = roster(member("a"));
    const changes = room.replace(9, { room: "r" }, [member("a", { joinedAt: "2026-01-01T00:05:00Z" })]);
    assert.deepEqual(reported(changes), ["left a ", "joined a"]);
  });

  it("updates the roles of members when the owner changes", () => {
    const room = roster(member("a", { role: "ROLE_OWNER" }), member("b"));
    room.changed(2, { room: "r", owner: "a" });
    const changes = room.changed(3, { room: "r", owner: "me" });
    assert.deepEqual(reported(changes), ["changed", "updated me", "updated a"]);
    assert.equal(room.me.role, "owner");
    assert.deepEqual(reported(room.updated(3, member("me", { role: "ROLE_OWNER" }))), []);
  });

  it("applies changes of the own entry", () => {
    const room = roster();
    room.edited({ metadata: { a: "1", b: "2" } });
    assert.deepEqual(reported(room.edited({ displayName: "I", metadata: { a: "" } })), ["updated me"]);
    assert.deepEqual(room.me.metadata, { b: "2" });
    assert.equal(room.me.displayName, "I");
    assert.deepEqual(reported(room.edited({})), []);
  });
});

function asJson({ peerId, displayName, joinedAt, state }: ReturnType<typeof memberFrom>): MemberJson {
  const json = member(peerId, { displayName, joinedAt: joinedAt.toISOString() });
  return state === "reconnecting" ? { ...json, state: "STATE_RECONNECTING" } : json;
}
