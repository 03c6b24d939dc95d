import type { LinkOptions } from "./link.js";
import type { DuplicateUsers } from "./model.js";
import type { RequestOptions } from "./room.js";
import type { RoomSecret } from "./sealing.js";

/** How to join a room. */
export interface JoinOptions extends RequestOptions {
  /** Name for people in this room. Default: the one given to `connect`. At most 128 bytes. */
  displayName?: string;
  /** Key-value pairs for this room. Default: those given to `connect`. At most 4 KiB in all. */
  metadata?: Record<string, string>;
  /**
   * Seals everything sent in this room and opens what comes. Default: the one given to `connect`, if any. Joining again with
   * another secret replaces it, both ways.
   */
  secret?: RoomSecret;
}

/** How to create a room. */
export interface CreateRoomOptions extends RequestOptions {
  /** Name: 1 to 128 bytes of UTF-8 without control characters. Default: the server makes one that cannot be guessed. */
  room?: string;
  /** Name of the room for people, at most 128 bytes. */
  displayName?: string;
  /** Most members at a time. Default: the server's limit. */
  maxMembers?: number;
  /** What happens when a user joins who is a member already. Default: `"allow"`. */
  duplicateUsers?: DuplicateUsers;
  /** The room's key-value pairs, at most 4 KiB in all. */
  metadata?: Record<string, string>;
  /** As {@link JoinOptions.secret}. A sealed room that is given no name gets one that cannot be guessed from this side. */
  secret?: RoomSecret;
}

/** @internal What a session is made with. */
export interface SessionInit extends Omit<LinkOptions, "roomVersions"> {
  secret?: RoomSecret | undefined;
}
