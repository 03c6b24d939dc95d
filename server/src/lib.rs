//! The Wigwag server: a WebRTC signaling server with a gRPC API.
//!
//! The binary is a thin wrapper around this library: [`config::Config::load`] loads the settings, [`app::serve`] runs a node
//! and its listeners until shutdown. The APIs are in [`api`], keys and tokens in [`auth`], the deny list in [`deny`], requests to other servers in [`fetch`], web pages and routing in [`web`],
//! health, metrics and logging in [`ops`].

#![forbid(unsafe_code)]

pub mod api;
pub mod app;
pub mod auth;
pub mod cli;
pub mod config;
pub mod deny;
pub mod fetch;
mod opens;
pub mod ops;
pub mod turn;
pub mod web;
