//! Serves HTTP/2 with hyper and h2, for `http2.engine = "hyper"`.
//!
//! The service, the byte stream, the deadlines and the shutdown are the same as with the default engine. This file sets
//! the limits that hyper has a setting for; `docs/http2-engines.md` lists the others.

use std::pin::Pin;

use bytes::Bytes;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use wigwag_http2::{Http2Limits, PREFACE};

use super::{
    AcceptedIo, HttpService, ListenerConfig, dispatch::Dispatch, interrupts::Graceful, io::ConnectionIo,
    settings::SEND_BUFFER,
};

/// A connection as hyper drives it. Its streams are tasks on the same runtime, which end when the connection is
/// dropped.
type HyperHttp2<I, S> = http2::Connection<TokioIo<ConnectionIo<I>>, Dispatch<S>, TokioExecutor>;

/// Returns the future that serves a connection whose preface has been read.
pub(super) fn connection<I, S>(
    mut io: ConnectionIo<I>,
    dispatch: Dispatch<S>,
    settings: &ListenerConfig,
) -> HyperHttp2<I, S>
where
    I: AcceptedIo,
    S: HttpService,
{
    // h2 reads the preface itself.
    io.unread(Bytes::from_static(PREFACE));
    builder(settings).serve_connection(TokioIo::new(io), dispatch)
}

/// Sets every limit hyper exposes: its defaults are meant for general use, and may change.
fn builder(settings: &ListenerConfig) -> http2::Builder<TokioExecutor> {
    let Http2Limits {
        max_streams,
        stream_window,
        connection_window,
        max_header_list,
        max_provoked_resets,
        max_early_resets,
        request_memory: _,
        resets_per_second: _,
        send_timeout: _,
    } = settings.http2();
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(max_streams)
        .initial_stream_window_size(stream_window)
        .initial_connection_window_size(connection_window)
        .max_header_list_size(max_header_list)
        .max_local_error_reset_streams(to_usize(max_provoked_resets))
        // Counts streams that were reset before hyper has handed them to the service. Those reset later are not
        // limited.
        .max_pending_accept_reset_streams(to_usize(max_early_resets))
        .keep_alive_interval(settings.keepalive_interval)
        .keep_alive_timeout(settings.keepalive_timeout)
        .max_send_buf_size(SEND_BUFFER)
        .enable_connect_protocol();
    builder
}

fn to_usize(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

impl<I, S> Graceful for HyperHttp2<I, S>
where
    I: AcceptedIo,
    S: HttpService,
{
    fn graceful_shutdown(self: Pin<&mut Self>) {
        Self::graceful_shutdown(self);
    }
}
