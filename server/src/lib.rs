//! The Wigwag server: a WebRTC signaling server with a gRPC API.
//!
//! The binary is a thin shell around this library: [`config::Config::load`] reads the settings, [`server::serve`] runs a
//! node behind a listener until it is told to stop.

#![forbid(unsafe_code)]

mod authz;
pub mod cli;
pub mod clock;
pub mod config;
mod connection;
mod dialects;
mod fault;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
pub mod grpc;
pub mod http;
mod http2;
mod json;
pub mod listener;
pub mod node;
mod rest;
mod room_service;
pub mod server;
mod short_queue;
mod signaling;
pub mod telemetry;
#[cfg(test)]
mod wake_count;
mod websocket;
mod wire;
