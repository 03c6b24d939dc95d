import type { ConnectionOptions } from "./connection-manager.js";
import type { DuplicateUsers } from "./model.js";
import type { RequestOptions } from "./room.js";
import type { RoomSecret } from "./seal/secret.js";

/** Options for joining a room. */
export interface JoinOptions extends RequestOptions {
  /** The name shown to people in this room. Default: that of `connect`. At most 128 bytes. */
  displayName?: string;
  /** Key-value pairs for this room. Default: those of `connect`. At most 4 KiB in total. */
  metadata?: Record<string, string>;
  /**
   * Encrypts everything sent in this room and decrypts everything received. Default: the secret of `connect`, if any. Joining
   * again with another secret replaces it.
   */
  secret?: RoomSecret;
}

/** Options for creating a room. */
export interface CreateRoomOptions extends RequestOptions {
  /** Name: 1 to 128 bytes of UTF-8 without control characters. Default: an unguessable name from the server. */
  room?: string;
  /** The name of the room shown to people, at most 128 bytes. */
  displayName?: string;
  /** Limits the members at a time. Default: the server's limit. */
  maxMembers?: number;
  /** What happens when a user joins who is a member already. Default: `"allow"`. */
  duplicateUsers?: DuplicateUsers;
  /** The room's key-value pairs, at most 4 KiB in total. */
  metadata?: Record<string, string>;
  /** As {@link JoinOptions.secret}. Without a name, the client gives a sealed room an unguessable one. */
  secret?: RoomSecret;
}

/** @internal Options of the constructor of a session. */
export interface SessionInit extends Omit<ConnectionOptions, "roomVersions"> {
  secret?: RoomSecret | undefined;
}
