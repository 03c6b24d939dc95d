import { WigwagError } from "@wigwag/client";

/** What happened, in words for the person in front of the page. */
export interface Problem {
  readonly title: string;
  readonly text: string;
}

const AGAIN = "Try again in a moment.";
const UNREACHABLE = { title: "The server does not answer", text: `It may be down, or your network is. ${AGAIN}` };

/** Reasons of the server and of the client. */
const KNOWN: Readonly<Record<string, Problem>> = {
  CONNECTION_LOST: UNREACHABLE,
  UNREACHABLE,
  DRAINING: { title: "The server is restarting", text: AGAIN },
  ROOM_FULL: { title: "This room is full", text: "Somebody must leave before you can join." },
  RATE_LIMITED: { title: "That was too fast", text: AGAIN },
  TOKEN_MISSING: { title: "This server asks who you are", text: "This page has no way to sign in." },
  FORBIDDEN: { title: "You may not join this room", text: "The server does not let you in." },
  BANNED: { title: "You may not join this room", text: "The room's owner has removed you for good." },
  REMOVED: { title: "You were removed", text: "The room's owner has asked you to leave." },
  REPLACED: { title: "You joined elsewhere", text: "This seat was taken over by another tab." },
  SUPERSEDED: { title: "You joined elsewhere", text: "This seat was taken over by another tab." },
  ENDED: { title: "The room has ended", text: "Its owner has closed it for everybody." },
  INVALID_FIELD: { title: "This link does not work", text: "Room names have 1 to 128 bytes. Open a new room instead." },
  UNSUPPORTED: { title: "This browser cannot call", text: "It has no WebRTC. Any current browser does." },
};

/** Why the call could not begin, or is over. */
export function problemOf(error: unknown): Problem {
  if (error instanceof WigwagError) return KNOWN[error.reason] ?? { title: "That did not work", text: `${error.message} (${error.reason})` };
  return { title: "That did not work", text: error instanceof Error ? error.message : String(error) };
}

/** Why the room is over. */
export function endOf(reason: string): Problem {
  return KNOWN[reason] ?? { title: "You are no longer in this room", text: reason };
}

/** Why a camera, microphone or screen could not be turned on. Undefined when the person changed their mind. */
export function deviceProblem(device: "camera" | "microphone" | "screen", error: unknown): string | undefined {
  const name = error instanceof Error ? error.name : "";
  const comfort = "The chat works without it.";
  if (name === "NotAllowedError") return device === "screen" ? undefined : `The ${device} was not allowed. ${comfort}`;
  if (name === "NotFoundError" || name === "OverconstrainedError") return `No ${device} was found. ${comfort}`;
  if (name === "NotReadableError") return `The ${device} is in use by another program. ${comfort}`;
  if (!navigator.mediaDevices) return `This page needs https, or localhost, to use a ${device}. ${comfort}`;
  return error instanceof Error ? error.message : String(error);
}
