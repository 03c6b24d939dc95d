//! The tool as people run it, against a real server.

mod bench;
mod doctor;
mod ice;
mod join;
mod members;
mod rooms;
mod send;
mod support;
mod targets;
mod tokens;
mod usage;
