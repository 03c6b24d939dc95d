import { WigwagError } from "@wigwag/client";

/** An error in words for the user. */
export interface Problem {
  readonly title: string;
  readonly text: string;
}

const AGAIN = "Try again in a moment.";
const UNREACHABLE = { title: "The server does not answer", text: `The server or your network may be down. ${AGAIN}` };

/** Texts for the reasons of server and client. */
const KNOWN: Readonly<Record<string, Problem>> = {
  CONNECTION_LOST: UNREACHABLE,
  UNREACHABLE,
  DRAINING: { title: "The server is restarting", text: AGAIN },
  ROOM_FULL: { title: "This room is full", text: "Someone must leave before you can join." },
  RATE_LIMITED: { title: "Too many requests", text: AGAIN },
  TOKEN_MISSING: { title: "This server requires a token", text: "Paste one, or open a link that ends with #token=…" },
  TOKEN_INVALID: { title: "The server refuses the token", text: "Paste another one." },
  TOKEN_EXPIRED: { title: "The token has expired", text: "Paste a fresh one." },
  FORBIDDEN: { title: "You may not join this room", text: "Paste a token that admits it, or open another room." },
  BANNED: { title: "You may not join this room", text: "The room's owner has banned you." },
  REMOVED: { title: "You were removed", text: "The room's owner removed you from the room." },
  REPLACED: { title: "You joined elsewhere", text: "Another tab has taken over this session." },
  SUPERSEDED: { title: "You joined elsewhere", text: "Another tab has taken over this session." },
  ENDED: { title: "The room has ended", text: "Its owner has closed it." },
  INVALID_FIELD: { title: "This link does not work", text: "Room names have 1 to 128 bytes. Open a new room instead." },
  UNSUPPORTED: { title: "This browser cannot join the call", text: "It does not support WebRTC. Current browsers do." },
};

/** Returns why the call could not start, or why it ended. */
export function problemOf(error: unknown): Problem {
  if (error instanceof WigwagError) return KNOWN[error.reason] ?? { title: "Something went wrong", text: `${error.message} (${error.reason})` };
  return { title: "Something went wrong", text: error instanceof Error ? error.message : String(error) };
}

/** Returns why the membership of the room ended. */
export function endOf(reason: string): Problem {
  return KNOWN[reason] ?? { title: "You are no longer in this room", text: reason };
}

/** Returns why the session began anew. */
export function resetText(reason: string): string {
  if (reason === "EXPIRED") return "The connection was lost for too long. Joining again.";
  if (reason === "UNKNOWN_SESSION") return "The server was restarted. Joining again.";
  return "The server ended the session. Joining again.";
}

/** Returns why a camera, microphone or screen could not be turned on; undefined if the user cancelled. */
export function deviceProblem(device: "camera" | "microphone" | "screen", error: unknown): string | undefined {
  const name = error instanceof Error ? error.name : "";
  const fallback = "The chat works without it.";
  if (name === "NotAllowedError") return device === "screen" ? undefined : `Access to the ${device} was denied. ${fallback}`;
  if (name === "NotFoundError" || name === "OverconstrainedError") return `No ${device} was found. ${fallback}`;
  if (name === "NotReadableError") return `The ${device} is in use by another program. ${fallback}`;
  if (!navigator.mediaDevices) return `This page needs https, or localhost, to use a ${device}. ${fallback}`;
  return error instanceof Error ? error.message : String(error);
}
