//! How the responses of a connection share the window that the client grants the connection (RFC 9113, section 5.2.2).
//!
//! A client returns what it reads to two windows, that of the stream and that of the connection. What it does not read
//! stays in both, so that a few streams that are not read can use up the window of all others. Clients return what they
//! have read at the latest when it is half of a window. So more than half of a window that stays outstanding was not read:
//! such a stream gets no more, except of what is plentiful.

use super::stream::SendHalf;
use crate::frame::MAX_FRAME_SIZE;

/// The least that a stream takes at a time.
const MIN_TURN: i64 = 64;

/// The client's flow-control window of the connection, for responses.
#[derive(Debug)]
pub(super) struct ConnectionWindow {
    /// Bytes of DATA that may still be sent.
    pub(super) left: i64,
    /// The most that was ever left. This is what the client grants: it is left when all was read.
    size: i64,
    /// Above it no stream is held back.
    plenty: i64,
    /// When the client returns what it has read.
    pub(super) client: ClientReturns,
}

/// When a client returns what it has read to the window of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientReturns {
    /// It has not returned anything yet.
    Unknown,
    /// Before three quarters of a window are used, as is usual.
    Early,
    /// Perhaps later: no stream is held back.
    Late,
}

impl ConnectionWindow {
    pub(super) fn new(size: u32) -> Self {
        let mut window = Self { left: size.into(), size: 0, plenty: 0, client: ClientReturns::Unknown };
        window.grown();
        window
    }

    /// Adds what the client has returned or granted.
    pub(super) fn add(&mut self, increment: u32) {
        self.left += i64::from(increment);
        self.grown();
    }

    fn grown(&mut self) {
        if self.left > self.size {
            self.size = self.left;
            // A frame more, so that none takes a part of the reserve.
            self.plenty = self.reserve() + MAX_FRAME_SIZE as i64;
        }
    }

    /// Returns the part that is kept for streams whose client reads: three quarters.
    fn reserve(&self) -> i64 {
        self.size - self.size / 4
    }

    /// Returns the bytes that the client holds, or has read and not returned yet.
    pub(super) fn outstanding(&self) -> i64 {
        self.size - self.left
    }

    /// Returns whether more than half of the window is used: a client that reads has returned some of it.
    pub(super) fn is_scarce(&self) -> bool {
        self.outstanding() > self.size / 2
    }

    /// Returns the bytes of DATA that a stream may be sent now. A stream that is `alone` may have all.
    pub(super) fn sendable(&self, stream: &SendHalf, alone: bool) -> i64 {
        let window = self.left.min(stream.window);
        if self.left >= self.plenty || alone || self.client == ClientReturns::Late {
            return window;
        }
        window.min(self.share(stream))
    }

    /// Returns how many bytes a stream may take before `waiting` others have had their turn: when little is left, what needs
    /// little is not to wait for what needs more.
    pub(super) fn turn(&self, waiting: u32) -> i64 {
        if waiting < 2 || !self.is_scarce() {
            return i64::MAX;
        }
        (self.left / i64::from(waiting)).max(MIN_TURN)
    }

    /// Returns how much of the window a stream may take if others want to send too: what is plentiful, or so much that
    /// half of its stream window, or of this one, is outstanding. A client that reads returns it then.
    fn share(&self, stream: &SendHalf) -> i64 {
        let unread = stream.unread.min(self.outstanding());
        (self.half(stream) - unread).max(self.left - self.reserve())
    }

    /// Returns half of a stream's window, or of this one if it is smaller.
    pub(super) fn half(&self, stream: &SendHalf) -> i64 {
        ((stream.largest_window + 1) / 2).min((self.size + 1) / 2)
    }

    /// Returns whether a stream has to wait for this window, or for its share of it.
    pub(super) fn holds_back(&self, stream: &SendHalf, alone: bool) -> bool {
        self.left < self.plenty && stream.window > 0 && self.sendable(stream, alone) <= 0
    }

    /// Takes sent bytes from both windows.
    pub(super) fn consume(&mut self, len: usize, stream: &mut SendHalf) {
        let len = i64::try_from(len).unwrap_or(i64::MAX);
        // What was returned to the connection was read, whether or not it was returned to the stream as well.
        stream.unread = stream.unread.min(self.outstanding()) + len;
        stream.stalled = 0;
        stream.window -= len;
        self.left -= len;
    }

    /// Adds to the window of a stream what the client has returned or granted.
    pub(super) fn add_to_stream(&mut self, increment: u32, stream: &mut SendHalf) {
        let increment = i64::from(increment);
        if stream.unread > 0 && increment * 4 <= stream.largest_window * 3 {
            self.client = ClientReturns::Early;
        }
        stream.returned = true;
        stream.window += increment;
        stream.unread = (stream.unread - increment).max(0);
        stream.largest_window = stream.largest_window.max(stream.window);
    }
}
