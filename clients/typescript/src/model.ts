import type { IceServerJson, LimitsJson } from "./gen/wigwag/v1/frame_pb.js";
import type { DuplicateUsersJson, MemberJson, RoomInfoJson } from "./gen/wigwag/v1/room_pb.js";

/** A peer's entry in a room. */
export interface Member {
  /** Names this stay of the peer with the server. */
  readonly peerId: string;
  /** Who the application says the peer is. May be empty. */
  readonly userId: string;
  /** Name for people. May be empty. */
  readonly displayName: string;
  /** The member's own key-value pairs. */
  readonly metadata: Readonly<Record<string, string>>;
  /** An owner may end the room and remove members. A room has one owner. */
  readonly role: "owner" | "member";
  /** A reconnecting member is a member: signals to it are kept and delivered when it returns. */
  readonly state: "online" | "reconnecting";
  /** When it joined. */
  readonly joinedAt: Date;
}

/** What a room does when a user joins who is a member already. */
export type DuplicateUsers = "allow" | "reject" | "replace";

/** What is known of a room. */
export interface RoomInfo {
  /** The room's name. */
  readonly room: string;
  /** Name for people. May be empty. */
  readonly displayName: string;
  /** Most members at a time; 0 = the server's own limit. */
  readonly maxMembers: number;
  /** What happens when a user joins who is a member already. */
  readonly duplicateUsers: DuplicateUsers;
  /** The application's own key-value pairs. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Peer id of the owner; empty when there is none. */
  readonly owner: string;
  /** When the room came to be. */
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

/** What the server accepts. Sizes are bytes. */
export interface Limits {
  /** Largest frame; more is FRAME_TOO_LARGE. */
  readonly maxFrameBytes: number;
  /** Longest room name. */
  readonly maxRoomNameBytes: number;
  /** Longest display name and user id. */
  readonly maxDisplayNameBytes: number;
  /** Largest metadata of a member or room: sum of key and value bytes. */
  readonly maxMetadataBytes: number;
  /** Most rooms a session is in. */
  readonly maxRooms: number;
  /** Most members of a room. */
  readonly maxMembers: number;
  /** Longest grace period a client may ask for, in milliseconds. */
  readonly maxGraceMs: number;
}

/** What the server said when it welcomed this session; see {@link Session.welcome}. */
export interface WelcomeInfo {
  /** Number of this attachment, from 1; every resume raises it. */
  readonly epoch: number;
  /** Milliseconds between the server's heartbeats. */
  readonly heartbeatMs: number;
  /** Milliseconds the session may be without a connection before it ends. */
  readonly graceMs: number;
  /** What this server accepts. */
  readonly limits: Limits;
  /** Name of the server's node, for support. */
  readonly node: string;
  /** What carries this attachment: `"websocket"`, `"grpc-web"`, `"grpc"`, or the name of a transport of one's own. */
  readonly transport: string;
}

/** A member from its wire form. */
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

/** A room from its wire form. */
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

/** The wire form of a duplicate-users rule. */
export function duplicateUsersJson(rule: DuplicateUsers): DuplicateUsersJson {
  return `DUPLICATE_USERS_${rule.toUpperCase() as Uppercase<DuplicateUsers>}`;
}

/** ICE servers from their wire form, without empty credentials: `new RTCPeerConnection` takes STUN servers without. */
export function iceServersFrom(json: readonly IceServerJson[] | undefined): IceServer[] {
  return (json ?? []).map(({ urls, username, credential }) => ({
    urls: urls ?? [],
    ...(username ? { username } : {}),
    ...(credential ? { credential } : {}),
  }));
}

/** Limits from their wire form; an absent one takes the API's default. */
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
