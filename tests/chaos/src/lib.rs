//! Breaks connections on purpose and checks that sessions survive.
//!
//! * [`proxy`] forwards bytes between clients and server and breaks connections on command.
//! * [`core`] is the client's side of a session, written from the contract; [`dial`] connects it over each transport.
//! * [`swarm`] runs many sessions while their connections break.
//! * [`shared_connection`] runs good and bad streams on one HTTP/2 connection.
//! * [`slow`] runs members that do not read; [`restart`] stops the server under traffic and starts it again.
//! * [`history`] records what every client saw; [`judge`] finds violations of the session contract in it.

#![forbid(unsafe_code)]

pub mod core;
pub mod dial;
pub mod history;
pub mod judge;
pub mod proxy;
pub mod restart;
pub mod server;
pub mod shared_connection;
pub mod slow;
pub mod swarm;
