//! The APIs over gRPC, gRPC-Web, WebSocket and REST. Each decodes frames or calls, passes them to the node, and encodes what
//! it returns.

mod denied;
pub mod grpc;
pub mod rest;
pub mod websocket;

pub use denied::refuse_denied;

/// Whether an API serves RoomService.
#[derive(Clone, Copy, Debug)]
pub enum RoomApi {
    /// It does.
    Served,
    /// It does not: where RoomService is served, or how to switch it on.
    Refused(&'static str),
}
