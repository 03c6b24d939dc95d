//! What the responses of a connection do while they share the window that the client grants it, and which are reset when
//! that takes too long.

use super::connection_window::ClientReturns;
use super::stream::SendHalf;
use super::{Connection, WINDOW_PING};
use crate::Service;
use crate::error::ErrorCode;
use crate::frame::{self, kind};
use crate::limits::TICK;

impl<S: Service> Connection<S> {
    /// Returns the bytes of DATA that a stream may be sent now.
    pub(super) fn sendable(&self, stream: &SendHalf) -> i64 {
        self.send.window.sendable(stream, self.streams.count() == 1)
    }

    /// Returns whether a stream has to wait for the window of the connection, or for its share of it.
    pub(super) fn holds_back(&self, stream: &SendHalf) -> bool {
        self.send.window.holds_back(stream, self.streams.count() == 1)
    }

    /// Resets the streams whose responses have waited for too long. Returns whether any still wait.
    pub(super) fn tick_responses(&mut self) -> bool {
        let limit = u16::try_from(self.limits.send_timeout.as_secs() / TICK.as_secs()).unwrap_or(u16::MAX);
        let (alone, window) = (self.streams.count() == 1, &self.send.window);
        let (mut waiting, mut wait_for_connection, mut returns_late) = (false, false, false);
        let mut late = Vec::new();
        for stream in self.streams.all() {
            let send = &mut stream.send;
            if !send.is_waiting() {
                continue;
            }
            let held_back = window.left > 0 && window.holds_back(send, alone);
            wait_for_connection |= held_back || window.left <= 0 && send.window > 0;
            if send.window <= 0 || held_back {
                waiting = true;
                send.stalled = send.stalled.saturating_add(1);
                returns_late |= held_back && send.stalled > limit / 4;
                if send.stalled > limit {
                    late.push(stream.id);
                }
            }
        }
        if returns_late && window.client == ClientReturns::Unknown {
            self.send.window.client = ClientReturns::Late;
            self.send.ready = u64::MAX;
        }
        if wait_for_connection && self.send.window.is_scarce() {
            late.extend(self.tick_scarce(limit));
        } else {
            self.send.stalled = 0;
        }
        for id in late {
            if self.streams.find(id).is_some() {
                self.counts.send_timeouts += 1;
                self.reset(id, ErrorCode::CANCEL);
            }
        }
        waiting || wait_for_connection
    }

    /// Lets a tick pass while more than half of the connection's window is outstanding and streams wait for the rest.
    /// Returns the streams to reset, once this takes too long: those that hold the most and have returned nothing. A
    /// client that answers PING has received what was sent, so that it would have returned some of it.
    fn tick_scarce(&mut self, limit: u16) -> Vec<u32> {
        let send = &mut self.send;
        send.stalled = send.stalled.saturating_add(1);
        if send.stalled == 1 {
            send.window_ping_answered = false;
            frame::put(kind::PING, 0, 0, &WINDOW_PING, &mut send.buffer);
            self.streams.all().for_each(|stream| stream.send.returned = false);
        }
        let much_too_long = send.stalled > limit;
        let too_long = much_too_long || send.stalled > limit / 4 && send.window_ping_answered;
        let window = &send.window;
        if !too_long || window.left > 0 && window.client != ClientReturns::Early {
            return Vec::new();
        }
        let (mut largest, mut more_than_half) = (0, false);
        let holds = |send: &SendHalf| much_too_long || !send.returned;
        for stream in self.streams.all().filter(|stream| holds(&stream.send)) {
            largest = largest.max(stream.send.unread);
            more_than_half |= stream.send.unread >= window.half(&stream.send);
        }
        let least = |send: &SendHalf| if more_than_half { window.half(send) } else { largest / 2 };
        let holding =
            self.streams.all().filter(|stream| holds(&stream.send) && stream.send.unread >= least(&stream.send));
        holding.map(|stream| stream.id).collect()
    }
}
