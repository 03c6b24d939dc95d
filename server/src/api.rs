//! The APIs: gRPC and gRPC-Web, WebSocket, REST. Each reads frames or calls, hands them to the node, and writes answers.

pub mod grpc;
pub mod rest;
pub mod websocket;
