export { type ChannelEvent, type ChannelOptions, PeerChannel } from "./channel.js";
export { Mesh, type MeshCloseOptions, type MeshEvent, type MeshOptions } from "./mesh.js";
export { MeshChannel, type MeshChannelEvent } from "./mesh-channel.js";
export { Peer, type PeerEvent, type PeerOptions } from "./peer.js";
export type { RTCPeerConnectionConstructor } from "./platform.js";
export type { ReceivedTrack } from "./tracks.js";
