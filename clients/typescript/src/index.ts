export { connect, type ConnectOptions } from "./connect.js";
export { type Advice, type Code, WigwagError } from "./error.js";
export type { EventOf, EventsOptions } from "./events.js";
export type { DuplicateUsers, IceServer, Limits, Member, RoomInfo, WelcomeInfo } from "./model.js";
export type { IceCandidate, Payload, ReceivedPayload, SessionDescription } from "./payload.js";
export { type Delivery, type RequestOptions, Room, type RoomEvent, type SendOptions } from "./room.js";
export type { RosterChange } from "./roster.js";
export type { RoomSecret } from "./seal/secret.js";
export { type CreateRoomOptions, type JoinOptions, Session } from "./session.js";
export type { SessionEvent, SessionState } from "./session-events.js";
export type { TransportChoice } from "./transport-choice.js";

// For applications: the exports above. For custom transports: the exports below.
export { type Batch, type Connection, FrameEncodingError, type Pushed, type Transport, type TransportFactory } from "./transport.js";
export { type WebSocketConstructor, type WebSocketLike, type WebSocketOptions, webSocketTransport } from "./websocket.js";
