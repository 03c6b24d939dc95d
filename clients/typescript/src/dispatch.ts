import { WigwagError } from "./error.js";
import type { ServerFrameJson } from "./gen/wigwag/v1/frame_pb.js";
import type { Requests } from "./requests.js";
import type { Room } from "./room.js";

/** Handles the frames that do not belong to a room. */
export interface FrameHandler {
  readonly requests: Requests;
  readonly rooms: Map<string, Room>;
  /** This session joined a room, or joined it again. */
  joined(frame: ServerFrameJson): void;
  direct(frame: ServerFrameJson): void;
  iceServers(frame: ServerFrameJson): void;
  tokenExpiring(frame: ServerFrameJson): void;
  undeliverable(to: string, error: WigwagError): void;
  error(error: WigwagError): void;
}

/** Passes a frame to the room or the handler it concerns. Returns true when it completed a call of the application. */
export function dispatch(frame: ServerFrameJson, handler: FrameHandler): boolean {
  if (frame.joined) handler.joined(frame);
  else if (frame.iceServers) handler.iceServers(frame);
  else if (frame.tokenExpiring) handler.tokenExpiring(frame);
  else if (frame.envelope && !frame.envelope.room) handler.direct(frame);
  else if (!(frame.receipt || frame.error)) toRoom(frame, handler);
  if (handler.requests.answer(frame)) return true;
  if (frame.receipt || frame.error) failed(frame, handler);
  return false;
}

/** Passes a frame to its room. */
function toRoom(frame: ServerFrameJson, { rooms }: FrameHandler): void {
  const { envelope, left, roomUpdated, memberJoined, memberUpdated, memberLeft, roster } = frame;
  const about = envelope ?? left ?? roomUpdated ?? memberJoined ?? memberUpdated ?? memberLeft ?? roster;
  const name = about?.room ?? "";
  const room = rooms.get(name);
  // Before the events, since a listener may join again at once.
  if (left) rooms.delete(name);
  room?.receive(frame);
}

/** Reports the failure of an envelope that was sent without a receipt. */
function failed(frame: ServerFrameJson, handler: FrameHandler): void {
  const { receipt } = frame;
  if (receipt && receipt.outcome !== "OUTCOME_UNDELIVERABLE") return;
  const error = receipt ? undeliverableError(receipt.reason ?? "") : WigwagError.fromFrame(frame.error ?? {});
  const recipient = handler.requests.recipient(frame.replyTo ?? 0);
  if (!receipt && !recipient) {
    handler.error(error);
    return;
  }
  const to = receipt?.peerId || recipient?.to || "";
  const room = recipient && handler.rooms.get(recipient.room);
  if (room) room.undeliverable(to, error);
  else handler.undeliverable(to, error);
}

/** The error of a signal that was accepted but not delivered, or not confirmed; `metadata.outcome` tells it from a refusal. */
export function undeliverableError(reason: string): WigwagError {
  return new WigwagError("the signal was not delivered, or its delivery could not be confirmed", {
    code: "UNAVAILABLE",
    reason,
    metadata: { outcome: "undeliverable" },
  });
}
