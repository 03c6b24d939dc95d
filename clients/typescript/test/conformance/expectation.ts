// The events that scenarios expect.
import { isDeepStrictEqual } from "node:util";
import type { Member, RoomInfo } from "../../src/index.js";
import type { AnyEvent } from "./actor.js";
import { payload } from "./payload.js";
import type { Fields, Json } from "./scenario.js";

/** Returns the name of an event in scenarios. `closed` of a room is `left` there. */
export function kindOf(event: AnyEvent): string {
  switch (event.type) {
    case "joined":
      return "member_joined";
    case "updated":
      return "member_updated";
    case "left":
      return "member_left";
    case "changed":
      return "room_updated";
    case "closed":
      return "error" in event ? "closed" : "left";
    case "ice-servers":
      return "ice_servers";
    case "token-expiring":
      return "token_expiring";
    default:
      return event.type;
  }
}

/** Returns whether scenarios ignore the event unless they expect it. */
export function isOptional(event: AnyEvent): boolean {
  return ["member_updated", "room_updated", "reconnecting", "resumed", "ice_servers"].includes(kindOf(event));
}

/** An event and the fields of it that are compared. */
export type Expectation = (event: AnyEvent) => boolean;

/** Reads the fields of an event. `peer` returns the peer id of a client. */
export function expectation(fields: Fields, peer: (name: string) => string): Expectation {
  const kind = fields.text("event");
  const whom = kind === "envelope" || kind === "unopened" ? "from" : kind === "undeliverable" ? "to" : "peer";
  const name = fields.textOr(whom, undefined);
  const wanted = {
    peer: name === undefined ? undefined : peer(name),
    reasons: fields.choice("reason"),
    payload: fields.objectOr("payload", undefined),
    member: fields.objectOr("member", undefined),
    info: fields.objectOr("info", undefined),
  };
  const info = wanted.info && { ...wanted.info };
  if (info && typeof info["owner"] === "string") info["owner"] = peer(info["owner"]);
  const isPeer = (id: string) => wanted.peer === undefined || wanted.peer === id;
  const isReason = (reason: string | undefined) =>
    wanted.reasons === undefined || (reason !== undefined && wanted.reasons.includes(reason));

  return (event) => {
    if (kindOf(event) !== kind) return false;
    switch (event.type) {
      case "envelope":
        return isPeer(event.from) && (!wanted.payload || isDeepStrictEqual(event.payload, payload(wanted.payload)));
      case "joined":
      case "updated":
        return isPeer(event.member.peerId) && has(event.member, wanted.member);
      case "left":
        return isPeer(event.member.peerId) && isReason(event.reason);
      case "changed":
        return has(event.info, info);
      case "undeliverable":
        return isPeer(event.to) && isReason(event.error.reason);
      case "unopened":
        return isPeer(event.from) && isReason(event.error.reason);
      case "reset":
        return isReason(event.reason);
      case "closed":
        if (!("error" in event)) return isReason(event.reason);
        // Without a reason: closed by the application.
        return wanted.reasons ? isReason(event.error?.reason) : event.error === undefined;
      default:
        return true;
    }
  };
}

/** Compares only the fields given. */
function has(whole: Member | RoomInfo, named: Json | undefined): boolean {
  const found = whole as unknown as Json;
  return Object.entries(named ?? {}).every(([field, value]) => isDeepStrictEqual(found[field], value));
}
