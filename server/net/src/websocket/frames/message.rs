//! Messages and control frames of a client.

use bytes::Bytes;

use super::text::Text;

/// A whole message or control frame of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Message {
    Text(Text),
    Binary(Bytes),
    Ping(Bytes),
    Pong(Bytes),
    /// A close frame with its payload: empty, or a valid code and a reason in UTF-8. No message may follow.
    Close(Bytes),
}
