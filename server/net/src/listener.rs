//! The listener: accepts connections and serves HTTP/1.1 and HTTP/2 on each, within limits.
//!
//! The accept loop is not a framework's, because every limit that protects a node is set here: the number of
//! connections and streams, the time a peer may stay silent, the bytes that are buffered, and the time a stop may take.
//! tonic's server does not limit streams and provoked resets, and waits without bound for streams that do not end;
//! axum's has no HTTP/2 settings; hyper waits without bound for a peer that does not finish its handshake. HTTP/1.1 is
//! served by hyper, HTTP/2 by [`wigwag_http2`] or hyper ([`Http2Engine`]).

mod accept;
mod admission;
mod body;
mod client_addr;
mod connection;
mod dispatch;
mod fairness;
mod http1;
mod http2;
mod hyper_http2;
mod hyper_response_body;
mod interrupts;
mod io;
mod linger;
mod proxy_protocol;
mod read_buffer;
mod request_handle;
mod runtime_pool;
mod served;
mod service;
mod settings;
mod shared;
mod singleton_fields;
mod stats;
mod tls;
mod upgraded_io;
mod write_batch;

use std::sync::Arc;

use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

#[cfg(feature = "fuzzing")]
pub use self::proxy_protocol::fuzzing;
use self::{accept::Backoff, admission::Admission, shared::Shared};
pub use self::{
    accept::{Accept, AcceptedIo, Handshake},
    body::IncomingBody,
    client_addr::{ClientAddr, DeniedClient},
    dispatch::ConnectionHandle,
    http1::Http1Body,
    http2::Http2Stats,
    request_handle::RequestHandle,
    runtime_pool::RuntimePool,
    service::{HttpService, ResponseBody},
    settings::{DeniedNetworks, Http2Engine, ListenerConfig, ProxyProtocol},
    stats::ListenerStats,
    tls::{TlsListener, TlsStream},
    upgraded_io::UpgradedIo,
};
pub(crate) use self::{
    fairness::wake_after_events, io::ConnectionIo, read_buffer::poll_read_buffer, served::CountPanic,
};

/// Accepts connections and passes their requests to `service`, until `stop` is cancelled.
///
/// Each request carries the extensions [`ClientAddr`] and [`ConnectionHandle`], and has a [`RequestHandle`]. After `stop` no connection is accepted.
/// Open connections are asked to finish (GOAWAY, `connection: close`) within [`ListenerConfig::stop_grace`], after
/// which they are dropped, including endless streams, silent peers and upgraded connections. Returns when all are
/// closed.
pub async fn serve<A, S>(
    mut accept: A,
    service: S,
    settings: ListenerConfig,
    stats: Arc<ListenerStats>,
    stop: CancellationToken,
) where
    A: Accept,
    S: HttpService,
{
    let admission = Admission::new(&settings, stats.clone());
    let pool = settings.pool.clone();
    let batchers = pool.batchers();
    let shared = Arc::new(Shared { settings, stats, stop: stop.clone() });
    let connections = TaskTracker::new();
    let mut backoff = Backoff::default();

    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = accept.accept() => accepted,
        };
        match accepted {
            Ok((io, peer)) => {
                backoff.reset();
                // A refused connection is closed here rather than left in the backlog, so that its client notices at
                // once.
                if let Some(permit) = admission.admit(peer) {
                    io.set_options(shared.settings.tcp_send_timeout);
                    let (service, shared) = (service.clone(), shared.clone());
                    let serve = move |io, batcher| connection::run(io, batcher, service, shared, permit);
                    pool.spawn_on_least_loaded(&connections, &batchers, io, serve);
                }
            }
            Err(error) => {
                let Some(pause) = backoff.after(&error) else { continue };
                shared.stats.count_accept_error();
                let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                tracing::warn!(%error, pause_ms, "accept failed; pausing");
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = sleep(pause) => {}
                }
            }
        }
    }
    drop(accept);
    connections.close();
    connections.wait().await;
}
