//! The windows this side grants (RFC 9113, section 5.2): what the services have read goes back to the client.

use http::{HeaderMap, StatusCode};

use crate::Service;
use crate::connection::Connection;
use crate::connection::stream::Stream;
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

    /// Returns bytes to the windows of a stream and of the connection. WINDOW_UPDATE is sent once half of a window was
    /// released, so that small reads do not cause a frame each.
    pub(super) fn release(&mut self, slot: usize, bytes: u32) {
        self.release_connection(bytes);
        let half = (self.limits.stream_window / 2).max(1);
        let Some(Stream { id, recv, .. }) = self.streams.get(slot) else { return };
        recv.unread = recv.unread.saturating_sub(bytes);
        recv.released += bytes;
        if recv.open && recv.released >= half {
            let increment = std::mem::take(&mut recv.released);
            recv.window += i64::from(increment);
            frame::put(kind::WINDOW_UPDATE, 0, *id, &increment.to_be_bytes(), &mut self.send.buffer);
        }
    }

    /// Returns bytes to the window of the connection.
    pub(super) fn release_connection(&mut self, bytes: u32) {
        self.recv.released += bytes;
        if self.recv.released >= self.limits.connection_window / 2 {
            let increment = std::mem::take(&mut self.recv.released);
            self.recv.window += i64::from(increment);
            frame::put(kind::WINDOW_UPDATE, 0, 0, &increment.to_be_bytes(), &mut self.send.buffer);
        }
    }
}
