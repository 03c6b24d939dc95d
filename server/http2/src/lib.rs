//! HTTP/2 (RFC 9113), the server's side: frames, header compression, flow control, and the requests on a connection.
//!
//! [`Connection`] is a state machine over bytes. It has no socket, no clock and no runtime; its driver moves the bytes and
//! polls it.

#![forbid(unsafe_code)]

mod connection;
mod error;
mod frame;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod headers;
mod hpack;
mod limits;
mod receive;
mod request_body;
mod resets;
mod response_body;
mod send;
pub mod sources;
mod stream;
mod stream_slots;
mod streams;
#[cfg(any(feature = "fuzzing", test))]
mod test_body;
#[cfg(test)]
mod tests;
mod tunnel;

pub use connection::Connection;
pub use error::{Error, ErrorCode};
pub use frame::PREFACE;
pub use limits::Http2Limits;
pub use request_body::RequestBody;
pub use response_body::{PlainBody, WriteBody, WriteBuf, Written};
pub use stream::{ResponseFuture, Service};
pub use tunnel::{ConnectUpgrade, Tunnel, TunnelHandle};
