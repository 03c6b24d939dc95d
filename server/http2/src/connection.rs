//! The state of a connection.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::error::{Error, ErrorCode};
use super::frame::{self, DEFAULT_TABLE, DEFAULT_WINDOW, kind, setting};
use super::hpack::Decoder;
use super::receive::Block;
use super::resets::Resets;
use super::stream::Service;
use super::streams::Streams;
use super::{Http2Limits, stream_slots};
use wigwag_poll::WakeSet;

/// The server's side of an HTTP/2 connection, from behind the client's preface.
///
/// Bytes go in by [`receive`](Self::receive) and come out of [`out`](Self::out); in between, [`poll`](Self::poll) gives
/// the streams that were woken their turn. Nothing here waits, and nothing grows beyond its limit: input is to be given
/// only while [`is_full`](Self::is_full) says that there is room for what it causes.
pub struct Connection<S: Service> {
    pub(super) service: S,
    pub(super) limits: Http2Limits,
    pub(super) wakes: Arc<WakeSet>,
    pub(super) streams: Streams<S::Body>,
    pub(super) resets: Resets,
    pub(super) state: State,
    pub(super) input: Input,
    pub(super) output: Output,
}

/// Where a connection stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The peer's settings come first.
    Fresh,
    Open,
    /// The peer was told to open no more streams; those that are on their way are taken until it has answered a ping.
    Leaving,
    /// No more streams are taken.
    Closing,
    Over(Option<Error>),
}

/// What comes in.
pub(super) struct Input {
    /// The beginning of a frame the rest of which is on its way.
    pub(super) partial: BytesMut,
    /// A header block the rest of which is on its way.
    pub(super) block: Option<Block>,
    pub(super) decoder: Decoder,
    /// The highest number of a stream so far.
    pub(super) last: u32,
    /// The highest of those that were taken.
    pub(super) taken: u32,
    /// Bytes the peer may still send.
    pub(super) window: i64,
    /// Bytes to give back to the window.
    pub(super) credit: u32,
    /// Something has come since this was last asked for.
    pub(super) heard: bool,
    /// The peer will open no more streams.
    pub(super) peer_leaves: bool,
    /// The peer knows this side's settings.
    pub(super) settled: bool,
}

/// What goes out.
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    /// Bytes of bodies that may still be sent.
    pub(super) window: i64,
    /// What the window of a new stream is.
    pub(super) stream_window: i64,
    /// The next header block has to say that no table is used: the peer made its own smaller (RFC 7541, section 4.2).
    pub(super) disown_table: bool,
    /// Places of streams that are to have a turn as soon as there is room in `bytes`.
    pub(super) unfinished: u64,
    /// Places of streams that wait for the connection's window.
    pub(super) blocked: u64,
    /// The slot that had its turn last.
    pub(super) turn: usize,
}

/// The ping that separates streams that were on their way from those opened in spite of a GOAWAY.
pub(super) const DRAIN_PING: [u8; 8] = *b"farewell";
/// The ping that asks whether the peer is still there.
const KEEPALIVE_PING: [u8; 8] = *b"r u here";

impl<S: Service> Connection<S> {
    /// A connection that has sent its settings.
    pub fn new(service: S, limits: Http2Limits, wakes: Arc<WakeSet>) -> Self {
        let mut bytes = Vec::new();
        let mut settings = Vec::new();
        for (name, value) in [
            (setting::MAX_CONCURRENT_STREAMS, limits.max_streams),
            (setting::INITIAL_WINDOW_SIZE, limits.stream_window),
            (setting::MAX_HEADER_LIST_SIZE, limits.max_header_list),
            // WebSockets over HTTP/2.
            (setting::ENABLE_CONNECT_PROTOCOL, 1),
        ] {
            settings.extend_from_slice(&name.to_be_bytes());
            settings.extend_from_slice(&value.to_be_bytes());
        }
        frame::put(kind::SETTINGS, 0, 0, &settings, &mut bytes);
        let more = limits.connection_window.saturating_sub(DEFAULT_WINDOW);
        if more > 0 {
            frame::put(kind::WINDOW_UPDATE, 0, 0, &more.to_be_bytes(), &mut bytes);
        }
        Self {
            service,
            limits,
            wakes,
            streams: Streams::new(),
            resets: Resets::default(),
            state: State::Fresh,
            input: Input {
                partial: BytesMut::new(),
                block: None,
                decoder: Decoder::new(DEFAULT_TABLE as usize),
                last: 0,
                taken: 0,
                window: i64::from(limits.connection_window.max(DEFAULT_WINDOW)),
                credit: 0,
                heard: false,
                peer_leaves: false,
                settled: false,
            },
            output: Output {
                bytes,
                window: DEFAULT_WINDOW.into(),
                stream_window: DEFAULT_WINDOW.into(),
                disown_table: false,
                unfinished: 0,
                blocked: 0,
                turn: stream_slots::LAST_SLOT,
            },
        }
    }

    /// What is to be sent. Whoever sends it leaves nothing behind.
    pub fn out(&mut self) -> &mut Vec<u8> {
        &mut self.output.bytes
    }

    /// Takes bytes from the peer. They say nothing any more once the connection is over.
    pub fn receive(&mut self, chunk: Bytes) {
        self.input.heard = true;
        if !self.is_over()
            && let Err(error) = self.read(chunk)
        {
            self.fail(error);
        }
    }

    /// Gives the streams of these places their turn, and those that had not finished theirs.
    pub fn poll(&mut self, woken: u64) {
        if self.is_over() {
            return;
        }
        let due = woken | std::mem::take(&mut self.output.unfinished);
        // Round and round, so that a stream with much to say does not silence those behind it.
        let last = self.output.turn;
        for behind in [true, false] {
            let slots = stream_slots::slots(due, self.streams.slots());
            for slot in slots.filter(|slot| stream_slots::comes_after(*slot, last) == behind) {
                if self.is_full() {
                    self.output.unfinished |= stream_slots::slot_bit(slot);
                    continue;
                }
                self.poll_stream(slot);
                if self.is_over() {
                    return;
                }
            }
        }
        self.rest();
    }

    /// Ends the connection when there is nothing more to do on it.
    pub(super) fn rest(&mut self) {
        let leaves = self.input.peer_leaves || matches!(self.state, State::Closing);
        if leaves && self.streams.count() == 0 && !self.is_over() {
            if !matches!(self.state, State::Closing) {
                self.go_away(self.input.taken, ErrorCode::NO_ERROR, "");
            }
            self.state = State::Over(None);
        }
    }

    /// Asks the peer for a sign of life.
    pub fn ping(&mut self) {
        frame::put(kind::PING, 0, 0, &KEEPALIVE_PING, &mut self.output.bytes);
    }

    /// Whether anything has come since the last call.
    pub fn take_heard(&mut self) -> bool {
        std::mem::take(&mut self.input.heard)
    }

    /// Tells the peer to open no more streams, and ends when those that are open have.
    pub fn leave(&mut self) {
        if matches!(self.state, State::Fresh | State::Open) {
            self.state = State::Leaving;
            self.go_away(u32::MAX >> 1, ErrorCode::NO_ERROR, "");
            frame::put(kind::PING, 0, 0, &DRAIN_PING, &mut self.output.bytes);
        }
    }

    /// The peer has sent its last byte.
    pub fn input_ended(&mut self) {
        if !self.is_over() {
            self.end(None);
        }
    }

    /// Whether no more input may be given, nor anything be polled, until what is there was sent.
    pub fn is_full(&self) -> bool {
        self.output.bytes.len() >= super::limits::FULL
    }

    /// Whether streams are to have a turn although nobody woke them.
    pub fn has_more(&self) -> bool {
        self.output.unfinished != 0 && !self.is_over()
    }

    /// Whether the connection has ended, but for what is still to be sent.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over(_))
    }

    /// Why it ended; nothing when it did so in peace.
    pub fn failure(&self) -> Option<&Error> {
        if let State::Over(failure) = &self.state { failure.as_ref() } else { None }
    }

    pub(super) fn go_away(&mut self, last: u32, code: ErrorCode, reason: &str) {
        let payload = [&last.to_be_bytes()[..], &code.0.to_be_bytes(), reason.as_bytes()].concat();
        frame::put(kind::GOAWAY, 0, 0, &payload, &mut self.output.bytes);
    }

    /// Ends the connection for something its peer did.
    fn fail(&mut self, error: Error) {
        self.go_away(self.input.taken, error.code, error.reason);
        self.end(Some(error));
    }

    fn end(&mut self, error: Option<Error>) {
        let told = error.clone().unwrap_or(Error { code: ErrorCode::NO_ERROR, reason: "the connection is closed" });
        for stream in self.streams.all() {
            stream.fail(&told);
        }
        self.streams = Streams::new();
        self.state = State::Over(error);
    }
}

impl<S: Service> Drop for Connection<S> {
    fn drop(&mut self) {
        // Bodies may be read, and tunnels used, in other tasks.
        if !self.is_over() {
            self.end(None);
        }
    }
}
