//! The message framing of gRPC, for services whose messages tonic would copy.
//!
//! A request is read as [`RequestMessages`], a response is [`ResponseMessages`] over a [`MessageSource`]; what the messages
//! hold is up to the service. [`FastPath`] serves native calls without the router. Other calls take the router, whose layers
//! translate gRPC-Web and keep deadlines.

mod fast_path;
mod request;
mod response;

pub use self::{
    fast_path::{FastPath, NativeService, ResponseBody},
    request::{MessageError, RequestMessages, only_message},
    response::{MessagePieces, MessageSource, OutMessage, ResponseMessages},
};
