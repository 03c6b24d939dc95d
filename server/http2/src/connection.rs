//! The state of a connection, and its API.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use wigwag_poll::{SendProgress, WakeSet};

use crate::error::{Error, ErrorCode};
use crate::frame::{self, DEFAULT_HEADER_TABLE_SIZE, DEFAULT_WINDOW_SIZE, MASK_31, kind, setting};
use crate::hpack::Decoder;
use crate::limits::SEND_BUFFER_LIMIT;
use crate::{Http2Counts, Http2Limits, Service};
use connection_window::ConnectionWindow;
use header_block::HeaderBlock;
use resets::Resets;
use streams::Streams;

mod connection_window;
mod header_block;
mod recv;
mod recv_headers;
mod resets;
mod send;
mod share;
mod stream;
mod stream_slots;
mod streams;
#[cfg(test)]
mod tests;
mod time;
mod window;

/// The server's side of one HTTP/2 connection.
///
/// It begins after the client's [`PREFACE`](crate::PREFACE), which the caller reads and removes. Bytes from the client go
/// into [`receive`](Self::receive); bytes for the client come out of [`out`](Self::out); [`poll`](Self::poll) polls the
/// services and bodies that were woken. No method blocks. See the [crate's documentation](crate) for the order of calls
/// and for what bounds the memory.
pub struct Connection<S: Service> {
    service: S,
    limits: Http2Limits,
    wakes: Arc<WakeSet>,
    streams: Streams<S::Body>,
    resets: Resets,
    counts: Http2Counts,
    state: State,
    recv: RecvState,
    send: SendState,
    /// Something depends on time, or was counted; see [`Connection::needs_tick`].
    ticking: bool,
}

/// The state of a connection. The crate's documentation has a diagram.
#[derive(Debug, PartialEq, Eq)]
enum State {
    /// The SETTINGS frame that completes the client's connection preface was not received yet (section 3.4).
    AwaitingSettings,
    /// Streams are accepted.
    Open,
    /// The first GOAWAY of a graceful shutdown was sent (section 6.8). Streams are accepted until the client has
    /// acknowledged the PING sent with it: it may have opened them before the GOAWAY arrived.
    GoingAway,
    /// The final GOAWAY was sent: no more streams are accepted, those that are open are completed.
    Closing,
    /// Frames are no longer processed. Holds the connection error, if there was one.
    Closed(Option<Error>),
}

/// The receiving direction.
struct RecvState {
    /// The beginning of a frame of which the rest was not received yet.
    partial: BytesMut,
    /// A header block that CONTINUATION frames have to complete.
    header_block: Option<HeaderBlock>,
    decoder: Decoder,
    /// The highest stream identifier received: streams above it are idle.
    last_stream_id: u32,
    /// The highest identifier of a stream that was accepted, for GOAWAY.
    last_accepted_id: u32,
    /// The connection's flow-control window: bytes the client may still send.
    window: i64,
    /// Bytes that were received but not yet returned to the client with WINDOW_UPDATE.
    released: u32,
    /// Bytes of requests that count towards [`Http2Limits::request_memory`].
    held: u32,
    /// Whether bytes were received since [`Connection::take_received`].
    received: bool,
    goaway_received: bool,
    settings_acknowledged: bool,
}

/// The sending direction.
struct SendState {
    buffer: Vec<u8>,
    /// What the driver has put into the byte stream, and what the kernel has taken of it.
    progress: Option<Arc<SendProgress>>,
    window: ConnectionWindow,
    /// The client's SETTINGS_INITIAL_WINDOW_SIZE.
    initial_stream_window: i64,
    /// Whether the next header block must begin with a dynamic table size update: the client lowered
    /// SETTINGS_HEADER_TABLE_SIZE (RFC 7541, section 4.2).
    table_size_update: bool,
    /// Slot bits of streams to poll as soon as the buffer has space.
    ready: u64,
    /// Slot bits of streams that wait for the connection's window, or for their share of it.
    blocked: u64,
    /// The number of ticks for which streams have waited for the connection's window while most of it was outstanding.
    stalled: u16,
    /// Bytes that a stream may take before the others that wait for the window have had their turn.
    turn: i64,
    /// The client has answered the PING that was sent when `stalled` began.
    window_ping_answered: bool,
    /// The slot that was polled last; the next poll continues after it.
    last_polled: usize,
}

/// The payload of the PING sent with the first GOAWAY. Its acknowledgment shows that the client has received both.
const SHUTDOWN_PING: [u8; 8] = *b"shutdown";
/// The payload of the PING that checks whether the client is alive.
const KEEPALIVE_PING: [u8; 8] = *b"liveness";
/// The payload of the PING that is sent when little is left of the connection's window.
const WINDOW_PING: [u8; 8] = *b"windows?";

impl<S: Service> Connection<S> {
    /// Creates a connection, with its SETTINGS in [`out`](Self::out).
    ///
    /// Futures and bodies get wakers of `wakes` in the bits that [`sources`](crate::sources) does not reserve.
    pub fn new(service: S, limits: Http2Limits, wakes: Arc<WakeSet>) -> Self {
        let mut buffer = Vec::new();
        let mut settings = Vec::new();
        for (name, value) in [
            (setting::MAX_CONCURRENT_STREAMS, limits.max_streams),
            (setting::INITIAL_WINDOW_SIZE, limits.stream_window),
            (setting::MAX_HEADER_LIST_SIZE, limits.max_header_list),
            // WebSockets over HTTP/2 (RFC 8441).
            (setting::ENABLE_CONNECT_PROTOCOL, 1),
        ] {
            settings.extend_from_slice(&name.to_be_bytes());
            settings.extend_from_slice(&value.to_be_bytes());
        }
        frame::put(kind::SETTINGS, 0, 0, &settings, &mut buffer);
        let increment = limits.connection_window.saturating_sub(DEFAULT_WINDOW_SIZE);
        if increment > 0 {
            frame::put(kind::WINDOW_UPDATE, 0, 0, &increment.to_be_bytes(), &mut buffer);
        }
        Self {
            service,
            limits,
            wakes,
            streams: Streams::new(),
            resets: Resets::default(),
            counts: Http2Counts::default(),
            ticking: false,
            state: State::AwaitingSettings,
            recv: RecvState {
                partial: BytesMut::new(),
                header_block: None,
                decoder: Decoder::new(DEFAULT_HEADER_TABLE_SIZE as usize),
                last_stream_id: 0,
                last_accepted_id: 0,
                window: i64::from(limits.connection_window.max(DEFAULT_WINDOW_SIZE)),
                released: 0,
                held: 0,
                received: false,
                goaway_received: false,
                settings_acknowledged: false,
            },
            send: SendState {
                buffer,
                progress: None,
                window: ConnectionWindow::new(DEFAULT_WINDOW_SIZE),
                initial_stream_window: DEFAULT_WINDOW_SIZE.into(),
                table_size_update: false,
                ready: 0,
                blocked: 0,
                stalled: 0,
                turn: i64::MAX,
                window_ping_answered: false,
                last_polled: stream_slots::LAST_SLOT,
            },
        }
    }

    /// Lets bodies see which of their bytes were sent: `progress` counts all that the driver takes from
    /// [`out`](Self::out).
    pub fn track_sent(&mut self, progress: Arc<SendProgress>) {
        self.send.progress = Some(progress);
    }

    /// Returns the bytes to send. The driver takes them from the front; what it leaves counts as not sent.
    pub fn out(&mut self) -> &mut Vec<u8> {
        &mut self.send.buffer
    }

    /// Processes bytes from the client, cut anywhere. Call it only while [`is_full`](Self::is_full) returns `false`, and
    /// [`poll`](Self::poll) after it. Bytes after the end of the connection are ignored.
    pub fn receive(&mut self, chunk: Bytes) {
        self.recv.received = true;
        if !self.is_closed()
            && let Err(error) = self.recv_chunk(chunk)
        {
            self.connection_error(error);
        }
    }

    /// Polls the streams whose bits are in `woken`, and those that [`has_more`](Self::has_more) is about, until
    /// [`is_full`](Self::is_full).
    pub fn poll(&mut self, woken: u64) {
        if self.is_closed() {
            return;
        }
        let due = woken | std::mem::take(&mut self.send.ready);
        // Round-robin, so that a stream with a large response does not starve those after it.
        let last = self.send.last_polled;
        for after_last in [true, false] {
            let slots = stream_slots::slots(due, self.streams.slots());
            for slot in slots.filter(|slot| stream_slots::comes_after(*slot, last) == after_last) {
                if self.is_full() {
                    self.send.ready |= stream_slots::slot_bit(slot);
                    continue;
                }
                self.poll_stream(slot);
                if self.is_closed() {
                    return;
                }
            }
        }
        self.close_if_done();
    }

    /// Resets those of the streams with bits in `woken` for which [`StreamHandle::reset`](crate::StreamHandle::reset) was
    /// called, without polling any. Allowed while [`is_full`](Self::is_full), when [`poll`](Self::poll) is not: the memory
    /// of a stream whose client does not read is freed although the client reads nothing.
    pub fn poll_resets(&mut self, woken: u64) {
        let reset: Vec<u32> = stream_slots::slots(woken, self.streams.slots())
            .filter_map(|slot| self.streams.get(slot).filter(|stream| stream.signal.is_reset()).map(|stream| stream.id))
            .collect();
        for id in reset {
            self.counts.aborted += 1;
            self.ticking = true;
            self.reset(id, ErrorCode::CANCEL);
        }
    }

    /// Sends a PING. The client's acknowledgment, like anything else it sends, shows in
    /// [`take_received`](Self::take_received).
    pub fn ping(&mut self) {
        frame::put(kind::PING, 0, 0, &KEEPALIVE_PING, &mut self.send.buffer);
    }

    /// Returns whether bytes were received since the last call.
    pub fn take_received(&mut self) -> bool {
        std::mem::take(&mut self.recv.received)
    }

    /// Closes the connection with GOAWAY because the client did not answer a [`ping`](Self::ping) in time.
    pub fn ping_timed_out(&mut self) {
        if !self.is_closed() {
            self.connection_error(Error::new(ErrorCode::NO_ERROR, "no answer to PING"));
        }
    }

    /// Returns what was counted since the last call.
    pub fn take_counts(&mut self) -> Http2Counts {
        std::mem::take(&mut self.counts)
    }

    /// Begins a graceful shutdown (RFC 9113, section 6.8): asks the client to open no more streams, and closes the
    /// connection once those that are open have completed.
    pub fn graceful_shutdown(&mut self) {
        if matches!(self.state, State::AwaitingSettings | State::Open) {
            self.state = State::GoingAway;
            self.put_goaway(MASK_31, ErrorCode::NO_ERROR, "");
            frame::put(kind::PING, 0, 0, &SHUTDOWN_PING, &mut self.send.buffer);
        }
    }

    /// Closes the connection because the client has closed its side of the transport. Responses that are not complete
    /// are dropped, and their request bodies end with an error.
    pub fn input_ended(&mut self) {
        if !self.is_closed() {
            self.close(None);
        }
    }

    /// Returns whether [`out`](Self::out) holds so much that neither [`receive`](Self::receive) nor
    /// [`poll`](Self::poll) may be called until the driver has sent some of it.
    pub fn is_full(&self) -> bool {
        self.send.buffer.len() >= SEND_BUFFER_LIMIT
    }

    /// Returns whether the client has completed its connection preface with SETTINGS (section 3.4).
    pub fn is_established(&self) -> bool {
        self.state != State::AwaitingSettings
    }

    /// Returns whether there are streams to [`poll`](Self::poll) that no waker will report: their requests were just
    /// received, or they stopped because [`out`](Self::out) was full.
    pub fn has_more(&self) -> bool {
        self.send.ready != 0 && !self.is_closed()
    }

    /// Returns whether the connection has ended. The driver sends what is in [`out`](Self::out) and closes the transport.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed(_))
    }

    /// Returns the connection error that closed the connection; `None` while it is open, and after a regular end.
    pub fn error(&self) -> Option<&Error> {
        if let State::Closed(error) = &self.state { error.as_ref() } else { None }
    }

    /// Closes the connection if a shutdown, by either side, has no streams left to wait for.
    fn close_if_done(&mut self) {
        let shutting_down = self.recv.goaway_received || matches!(self.state, State::Closing);
        if shutting_down && self.streams.count() == 0 && !self.is_closed() {
            if !matches!(self.state, State::Closing) {
                self.put_goaway(self.recv.last_accepted_id, ErrorCode::NO_ERROR, "");
            }
            self.state = State::Closed(None);
        }
    }

    /// Sends GOAWAY and closes the connection (section 5.4.1).
    fn connection_error(&mut self, error: Error) {
        self.put_goaway(self.recv.last_accepted_id, error.code, error.reason);
        self.close(Some(error));
    }

    fn close(&mut self, error: Option<Error>) {
        let cause = error.clone().unwrap_or(Error::new(ErrorCode::NO_ERROR, "the connection was closed"));
        for stream in self.streams.all() {
            stream.fail(&cause);
        }
        self.streams = Streams::new();
        (self.recv.held, self.ticking) = (0, false);
        self.state = State::Closed(error);
    }

    fn put_goaway(&mut self, last_stream_id: u32, code: ErrorCode, reason: &str) {
        let payload = [&last_stream_id.to_be_bytes()[..], &code.to_be_bytes(), reason.as_bytes()].concat();
        frame::put(kind::GOAWAY, 0, 0, &payload, &mut self.send.buffer);
    }
}

impl<S: Service> Drop for Connection<S> {
    fn drop(&mut self) {
        // Other tasks may be reading bodies or using tunnels.
        if !self.is_closed() {
            self.close(None);
        }
    }
}
