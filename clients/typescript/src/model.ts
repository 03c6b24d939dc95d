import type { IceServerJson, LimitsJson } from "./gen/wigwag/v1/frame_pb.js";
import type { DuplicateUsersJson, MemberJson, RoomInfoJson } from "./gen/wigwag/v1/room_pb.js";

/** A peer's entry in a room. */
export interface Member {
  /** Identifies the peer for the lifetime of its session. */
  readonly peerId: string;
  /** The user, from the token, or on a server without authentication as the client named it. May be empty. */
  readonly userId: string;
  /** The name shown to people. May be empty. */
  readonly displayName: string;
  /** The member's key-value pairs. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The owner may end the room and remove members. A room has at most one. */
  readonly role: "owner" | "member";
  /** A reconnecting peer is still a member: signals to it are kept and delivered when it has reconnected. */
  readonly state: "online" | "reconnecting";
  /** When the member joined. */
  readonly joinedAt: Date;
}

/** What a room does when a user joins who is a member already. */
export type DuplicateUsers = "allow" | "reject" | "replace";

/** The settings of a room. */
export interface RoomInfo {
  /** The room's name. */
  readonly room: string;
  /** The name shown to people. May be empty. */
  readonly displayName: string;
  /** Limits the members at a time. 0: the server's limit applies. */
  readonly maxMembers: number;
  /** What happens when a user joins who is a member already. */
  readonly duplicateUsers: DuplicateUsers;
  /** The room's key-value pairs. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Peer id of the owner; empty if there is none. */
  readonly owner: string;
  /** When the room was created. */
  readonly createdAt: Date;
}

/** A STUN or TURN server, ready for `new RTCPeerConnection({ iceServers })`. */
export interface IceServer {
  /** `stun:`, `turn:` or `turns:` URLs. */
  urls: string[];
  /** TURN user name. */
  username?: string;
  /** TURN password. */
  credential?: string;
}

/** The server's limits. Sizes are in bytes. */
export interface Limits {
  /** Largest frame; a larger one is refused with FRAME_TOO_LARGE. */
  readonly maxFrameBytes: number;
  /** Longest room name. */
  readonly maxRoomNameBytes: number;
  /** Longest display name and user id. */
  readonly maxDisplayNameBytes: number;
  /** Largest metadata of a member or room, the sum of keys and values. */
  readonly maxMetadataBytes: number;
  /** Most rooms per session. */
  readonly maxRooms: number;
  /** Most members per room. */
  readonly maxMembers: number;
  /** Longest grace period, in milliseconds. */
  readonly maxGraceMs: number;
}

/** The server's last welcome; see {@link Session.welcome}. */
export interface WelcomeInfo {
  /** Number of this attachment, from 1; every resume increments it. */
  readonly epoch: number;
  /** Interval of the server's heartbeats, in milliseconds. */
  readonly heartbeatMs: number;
  /** How long the session survives without a connection, in milliseconds. */
  readonly graceMs: number;
  /** The limits of this server. */
  readonly limits: Limits;
  /** Name of the server node, for support. */
  readonly node: string;
  /** The transport of this attachment: `"websocket"`, `"grpc-web"`, `"grpc"`, or the name of a custom one. */
  readonly transport: string;
  /** Names of the features that the server supports, see `docs/compatibility.md`. Empty for a server of version 0.1.0. */
  readonly features: readonly string[];
}

/** Converts a member from its JSON form. */
export function memberFrom(json: MemberJson): Member {
  return {
    peerId: json.peerId ?? "",
    userId: json.userId ?? "",
    displayName: json.displayName ?? "",
    metadata: json.metadata ?? {},
    role: json.role === "ROLE_OWNER" ? "owner" : "member",
    state: json.state === "STATE_RECONNECTING" ? "reconnecting" : "online",
    joinedAt: new Date(json.joinedAt ?? 0),
  };
}

/** Converts a room from its JSON form. */
export function roomInfoFrom(room: string, json: RoomInfoJson | undefined): RoomInfo {
  return {
    room,
    displayName: json?.displayName ?? "",
    maxMembers: json?.maxMembers ?? 0,
    duplicateUsers: duplicateUsersFrom(json?.duplicateUsers),
    metadata: json?.metadata ?? {},
    owner: json?.owner ?? "",
    createdAt: new Date(json?.createdAt ?? 0),
  };
}

/** Converts a duplicate-users rule to its JSON form. */
export function duplicateUsersJson(rule: DuplicateUsers): DuplicateUsersJson {
  return `DUPLICATE_USERS_${rule.toUpperCase() as Uppercase<DuplicateUsers>}`;
}

/** Converts ICE servers from their JSON form, without the empty credentials of STUN servers. */
export function iceServersFrom(json: readonly IceServerJson[] | undefined): IceServer[] {
  return (json ?? []).map(({ urls, username, credential }) => ({
    urls: urls ?? [],
    ...(username ? { username } : {}),
    ...(credential ? { credential } : {}),
  }));
}

/** Converts limits from their JSON form; an absent one has the API's default. */
export function limitsFrom(json: LimitsJson | undefined): Limits {
  return {
    maxFrameBytes: json?.maxFrameBytes || 65_536,
    maxRoomNameBytes: json?.maxRoomNameBytes || 128,
    maxDisplayNameBytes: json?.maxDisplayNameBytes || 128,
    maxMetadataBytes: json?.maxMetadataBytes || 4_096,
    maxRooms: json?.maxRooms || 64,
    maxMembers: json?.maxMembers || 1_000,
    maxGraceMs: json?.maxGraceMs || 600_000,
  };
}

function duplicateUsersFrom(json: DuplicateUsersJson | undefined): DuplicateUsers {
  if (json === "DUPLICATE_USERS_REJECT") return "reject";
  if (json === "DUPLICATE_USERS_REPLACE") return "replace";
  return "allow";
}
