//! Breaks connections on purpose and proves that sessions survive it.
//!
//! * [`proxy`] stands between clients and server and breaks connections on command.
//! * [`core`] is a client's side of a session, written from the contract; [`dial`] brings it in by either door.
//! * [`swarm`] lets many sessions talk while their connections break.
//! * [`slow`] lets members not read; [`restart`] stops the server under everybody and starts it again.
//! * [`history`] is what every client saw; [`judge`] says where it breaks the session contract.

#![forbid(unsafe_code)]

pub mod core;
pub mod dial;
pub mod history;
pub mod judge;
pub mod proxy;
pub mod restart;
pub mod server;
pub mod slow;
pub mod swarm;
