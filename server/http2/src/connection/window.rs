//! The windows this side grants (RFC 9113, section 5.2), and the memory of requests that bounds them.

use http::{HeaderMap, StatusCode};

use crate::Service;
use crate::connection::Connection;
use crate::connection::stream::Stream;
use crate::error::ErrorCode;
use crate::frame::{self, kind};

impl<S: Service> Connection<S> {
    /// Releases what was read of a stream's body since the last call.
    pub(super) fn release_read(&mut self, slot: usize) {
        if let Some(stream) = self.streams.get(slot)
            && let Some(body) = &stream.recv.body
        {
            if stream.recv.expects_continue && body.take_continue() {
                stream.recv.expects_continue = false;
                let (id, answered) = (stream.id, stream.send.answered);
                if !answered {
                    self.put_response_head(id, StatusCode::CONTINUE, &HeaderMap::new(), false);
                }
                return;
            }
            let read = body.take_read();
            if read > 0 {
                self.release(slot, read);
            }
        }
    }

    /// Returns bytes of a stream's body to its window.
    pub(super) fn release(&mut self, slot: usize, bytes: u32) {
        let Some(Stream { id, recv, .. }) = self.streams.get(slot) else { return };
        let bytes = bytes.min(recv.unread);
        recv.unread -= bytes;
        self.recv.held -= bytes;
        recv.released += bytes;
        if recv.open && is_due(recv.released, recv.window) {
            let increment = std::mem::take(&mut recv.released);
            recv.window += i64::from(increment);
            frame::put(kind::WINDOW_UPDATE, 0, *id, &increment.to_be_bytes(), &mut self.send.buffer);
        }
    }

    /// Returns bytes to the window of the connection. Called for all that is received: streams that are not read must not
    /// use it up. `request_memory` bounds what they hold.
    pub(super) fn release_connection(&mut self, bytes: u32) {
        self.recv.released += bytes;
        if is_due(self.recv.released, self.recv.window) {
            let increment = std::mem::take(&mut self.recv.released);
            self.recv.window += i64::from(increment);
            frame::put(kind::WINDOW_UPDATE, 0, 0, &increment.to_be_bytes(), &mut self.send.buffer);
        }
    }

    /// Resets the streams that hold the most until all hold no more than `request_memory`.
    pub(super) fn bound_memory(&mut self) {
        while self.recv.held > self.limits.request_memory {
            let Some(id) = self.streams.all().max_by_key(|stream| stream.held()).map(|stream| stream.id) else {
                return;
            };
            self.counts.request_memory += 1;
            self.ticking = true;
            self.reset(id, ErrorCode::ENHANCE_YOUR_CALM);
        }
    }
}

/// Returns whether WINDOW_UPDATE is due for released bytes: once they are half of what the client may still send. Small
/// reads do not cause a frame each, and a client whose window is used up does not wait.
fn is_due(released: u32, window: i64) -> bool {
    released > 0 && i64::from(released) * 2 >= window
}
