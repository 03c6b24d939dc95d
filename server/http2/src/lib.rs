//! The server's side of HTTP/2 (RFC 9113) as a state machine over bytes.
//!
//! A [`Connection`] turns bytes from a client into calls of a [`Service`], and responses into bytes for the client. It
//! implements framing, HPACK (RFC 7541), flow control, extended CONNECT (RFC 8441) and graceful shutdown. It does not
//! have a socket, a clock or a runtime, does not do TLS or ALPN, and is not a client: a *driver* moves the bytes, sets
//! the timers and polls. The README has a table of the sections of the RFC with the code and the tests for each, and the
//! list of what is not implemented.
//!
//! # Example
//!
//! Bytes in, bytes out:
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use wigwag_http2::{Connection, Http2Limits, PREFACE, PlainBody, RequestBody, ResponseFuture, Service};
//! use wigwag_poll::WakeSet;
//!
//! struct Hello;
//!
//! impl Service for Hello {
//!     type Body = PlainBody<Full<Bytes>>;
//!
//!     fn call(&self, request: Request<RequestBody>) -> ResponseFuture<Self::Body> {
//!         let text = format!("hello from {}", request.uri().path());
//!         Box::pin(async { Ok(Response::new(PlainBody(Full::from(text)))) })
//!     }
//! }
//!
//! let limits = Http2Limits {
//!     max_streams: 1000,
//!     stream_window: 64 * 1024,
//!     connection_window: 1024 * 1024,
//!     request_memory: 4 * 1024 * 1024,
//!     max_header_list: 16 * 1024,
//!     max_provoked_resets: 1000,
//!     max_early_resets: 1000,
//!     resets_per_second: 50,
//!     send_timeout: Duration::from_secs(20),
//! };
//!
//! // What a client sends: the preface, SETTINGS, and HEADERS with `GET /` on stream 1.
//! let mut input = PREFACE.to_vec();
//! input.extend([0, 0, 0, 0x4, 0, 0, 0, 0, 0]);
//! input.extend([0, 0, 3, 0x1, 0x5, 0, 0, 0, 1, 0x82, 0x86, 0x84]);
//!
//! // The preface distinguishes HTTP/2 from HTTP/1, so the caller reads it.
//! let frames = input.strip_prefix(PREFACE).ok_or("not HTTP/2")?;
//!
//! let wakes = Arc::new(WakeSet::default());
//! let mut connection = Connection::new(Hello, limits, wakes.clone());
//! connection.receive(Bytes::copy_from_slice(frames));
//! connection.poll(wakes.take());
//!
//! let output = std::mem::take(connection.out());
//! // SETTINGS, WINDOW_UPDATE, the acknowledgment of the client's SETTINGS, HEADERS with status 200, then DATA:
//! assert_eq!(output[3], 0x4);
//! assert!(output.ends_with(b"\0\0\x0c\0\x01\0\0\0\x01hello from /"));
//! # Ok::<(), &str>(())
//! ```
//!
//! # Driving a connection
//!
//! The driver creates a [`WakeSet`](wigwag_poll::WakeSet), keeps the bits of [`sources`] for its socket and its timers,
//! and passes all others to [`Connection::poll`]. It calls
//!
//! | when | call |
//! |---|---|
//! | bytes were read, and [`is_full`](Connection::is_full) is `false` | [`receive`](Connection::receive), then [`poll`](Connection::poll) |
//! | the client has closed its side of the transport | [`input_ended`](Connection::input_ended) |
//! | bits of streams are in the set, or [`has_more`](Connection::has_more), and `is_full` is `false` | [`poll`](Connection::poll) |
//! | `is_full` is `true`, or nothing is left to poll | send what is in [`out`](Connection::out) |
//! | a second has passed, while [`needs_tick`](Connection::needs_tick) | [`tick`](Connection::tick), then send `out` |
//! | bits of streams are in the set, and `is_full` is `true` | [`poll_resets`](Connection::poll_resets) |
//! | the server shuts down | [`graceful_shutdown`](Connection::graceful_shutdown), then send `out` |
//! | nothing was received for a while, by [`take_received`](Connection::take_received) | [`ping`](Connection::ping), then send `out`; without an answer [`ping_timed_out`](Connection::ping_timed_out) |
//! | [`is_closed`](Connection::is_closed) is `true` | send what is in `out`, close the transport; [`error`](Connection::error) has the reason |
//!
//! Not to read while `is_full` is what applies back-pressure: a client that does not read its responses is not read from.
//!
//! # Memory
//!
//! The memory that a client can make a connection hold is bounded, as long as the driver obeys `is_full`:
//!
//! | what | at most |
//! |---|---|
//! | streams | [`max_streams`](Http2Limits::max_streams) |
//! | request bodies that were not read | [`stream_window`](Http2Limits::stream_window) each |
//! | header fields of a request | [`max_header_list`](Http2Limits::max_header_list), of which 32 bytes a field are counted, and 128 are needed |
//! | those bodies, and the header fields of requests without a response, together | [`request_memory`](Http2Limits::request_memory) |
//! | a header block before it is complete | 64 KiB in 32 CONTINUATION frames |
//! | the dynamic table of HPACK | 4 KiB |
//! | a frame before it is complete | 16 KiB |
//! | bytes to send | 16 KiB, one frame more, and what one call of [`receive`](Connection::receive) causes |
//! | bytes to send through a [`Tunnel`] | 16 KiB |
//! | streams that this side ended, remembered by identifier | `max_streams`, at least 64, of 8 bytes |
//!
//! Two things are up to the service: the size of the chunks that a response body returns (a connection polls for the next
//! one only after it has sent the last), and for how long it keeps a request body whose stream is closed.
//!
//! # States
//!
//! A connection:
//!
//! ```text
//!                     SETTINGS received
//!  AwaitingSettings ─────────────────────► Open
//!         │                                  │
//!         │ graceful_shutdown:               │ graceful_shutdown:
//!         │ GOAWAY(2^31-1), PING sent        │ GOAWAY(2^31-1), PING sent
//!         └──────────────► GoingAway ◄───────┘
//!                              │ PING acknowledged: GOAWAY(last stream) sent
//!                              ▼
//!                           Closing
//!                              │ last stream closed
//!                              ▼
//!  any state ──────────────► Closed
//!    connection error: GOAWAY(last stream, code) sent
//!    GOAWAY received, and no stream left: GOAWAY(last stream) sent
//!    input_ended
//! ```
//!
//! A stream, in the words of RFC 9113, section 5.1:
//!
//! ```text
//!                idle
//!                  │ HEADERS received         HEADERS with END_STREAM received
//!                  ├──────────────────────────────────────┐
//!                  ▼         END_STREAM received          ▼
//!                open ──────────────────────────► half-closed (remote)
//!                  │                                      │
//!                  │ END_STREAM sent                      │ END_STREAM sent
//!                  │ RST_STREAM sent or received          │ RST_STREAM sent or received
//!                  └──────────────► closed ◄──────────────┘
//! ```
//!
//! A stream does not stay "half-closed (local)": a response that is complete before its request makes the request
//! unnecessary (section 8.1). What still comes of it is ignored. RST_STREAM with NO_ERROR follows one to two seconds later
//! if the client has not ended the stream by then: some clients discard a response that is followed at once. The "reserved" states do not occur, since nothing is
//! pushed.

#![forbid(unsafe_code)]

mod connection;
mod counts;
mod error;
mod frame;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod headers;
mod hpack;
mod limits;
mod request_body;
mod response_body;
mod service;
pub mod sources;
mod stream_handle;
#[cfg(any(feature = "fuzzing", test))]
mod test_body;
mod tunnel;

pub use connection::Connection;
pub use counts::Http2Counts;
pub use error::{Error, ErrorCode};
pub use frame::PREFACE;
pub use limits::{Http2Limits, TICK};
pub use request_body::RequestBody;
pub use response_body::{PlainBody, WriteBody, WriteBuf, Written};
pub use service::{ResponseFuture, Service};
pub use stream_handle::StreamHandle;
pub use tunnel::{ConnectUpgrade, Tunnel, TunnelHandle};
