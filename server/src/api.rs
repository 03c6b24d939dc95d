//! The APIs over gRPC, gRPC-Web, WebSocket and REST. Each decodes frames or calls, passes them to the node, and encodes what
//! it returns.

pub mod grpc;
pub mod rest;
pub mod websocket;
