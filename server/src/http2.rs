//! HTTP/2 (RFC 9113), the server's side: frames, header compression, flow control, and the calls on a connection.
//!
//! Our own, because it is where most of a signal's way through the server lies: a stream's bytes are read where the
//! system put them, a response is written where the system takes it from, and an idle connection costs next to nothing.
//! [`Connection`] is a state machine over bytes. It has no socket and no clock; whoever carries its bytes polls it.

mod connection;
mod error;
mod frame;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod head;
mod hpack;
mod inbox;
mod limits;
mod outgoing;
pub(crate) mod places;
mod receive;
mod resets;
mod send;
mod stream;
mod streams;
#[cfg(test)]
mod tests;
mod tunnel;

pub(crate) use connection::Connection;
pub(crate) use frame::PREFACE;
pub use inbox::Incoming;
pub(crate) use limits::Limits;
pub use outgoing::{Outgoing, Page, Written};
pub(crate) use places::Bell;
pub(crate) use stream::{Calling, Service};
pub(crate) use tunnel::{Offer, Tunnel, TunnelHandle};
