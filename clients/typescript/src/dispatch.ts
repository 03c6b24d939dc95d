import { WigwagError } from "./error.js";
import type { ServerFrameJson } from "./gen/wigwag/v1/frame_pb.js";
import type { Requests } from "./requests.js";
import type { Room } from "./room.js";

/** Where frames go that belong to no room. */
export interface Desk {
  readonly requests: Requests;
  readonly rooms: Map<string, Room>;
  /** The seat in a room, new or confirmed. */
  joined(frame: ServerFrameJson): void;
  direct(frame: ServerFrameJson): void;
  iceServers(frame: ServerFrameJson): void;
  undeliverable(to: string, error: WigwagError): void;
  error(error: WigwagError): void;
}

/** Hands a frame to what it is about. True when it settled something the application awaits. */
export function dispatch(frame: ServerFrameJson, desk: Desk): boolean {
  if (frame.joined) desk.joined(frame);
  else if (frame.iceServers) desk.iceServers(frame);
  else if (frame.envelope && !frame.envelope.room) desk.direct(frame);
  else if (!(frame.receipt || frame.error)) toRoom(frame, desk);
  if (desk.requests.answer(frame)) return true;
  if (frame.receipt || frame.error) unasked(frame, desk);
  return false;
}

/** Rooms hear of their envelopes and members, and of their own end. */
function toRoom(frame: ServerFrameJson, { rooms }: Desk): void {
  const { envelope, left, roomUpdated, memberJoined, memberUpdated, memberLeft, roster } = frame;
  const about = envelope ?? left ?? roomUpdated ?? memberJoined ?? memberUpdated ?? memberLeft ?? roster;
  const name = about?.room ?? "";
  const room = rooms.get(name);
  // Before the events: a listener may join again at once.
  if (left) rooms.delete(name);
  room?.receive(frame);
}

/** An envelope failed, and nobody waits for its receipt. */
function unasked(frame: ServerFrameJson, desk: Desk): void {
  const { receipt } = frame;
  if (receipt && receipt.outcome !== "OUTCOME_UNDELIVERABLE") return;
  const error = receipt ? undeliverableError(receipt.reason ?? "") : WigwagError.fromFrame(frame.error ?? {});
  const addressee = desk.requests.addressee(frame.replyTo ?? 0);
  if (!receipt && !addressee) {
    desk.error(error);
    return;
  }
  const to = receipt?.peerId || addressee?.to || "";
  const room = addressee && desk.rooms.get(addressee.room);
  if (room) room.undeliverable(to, error);
  else desk.undeliverable(to, error);
}

/** The error of a signal that was accepted and then not delivered, or not confirmed; `metadata.outcome` tells it from a refusal. */
export function undeliverableError(reason: string): WigwagError {
  return new WigwagError("the signal was not delivered, or its delivery could not be confirmed", {
    code: "UNAVAILABLE",
    reason,
    metadata: { outcome: "undeliverable" },
  });
}
