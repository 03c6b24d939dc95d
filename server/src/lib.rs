//! The Wigwag server: a WebRTC signaling server with a gRPC API.
//!
//! The binary is a thin shell around this library: [`config::Config::load`] reads the settings, [`app::serve`] runs a node
//! behind a listener until it is told to stop. The APIs live in [`api`], web pages and routing in [`web`], what operators
//! see in [`ops`].

#![forbid(unsafe_code)]

pub mod api;
pub mod app;
pub mod cli;
pub mod config;
pub mod ops;
pub mod web;
