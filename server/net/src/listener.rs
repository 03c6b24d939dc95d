//! The listener: takes connections and serves HTTP/1.1 and HTTP/2 on each, within limits.
//!
//! It is our own loop rather than a framework's, because every limit that keeps a node standing is set here: how many
//! connections, how long a peer may stay silent, how many streams, how much is buffered, and how long a stop may take.
//! tonic's server leaves the number of streams and of provoked resets open and waits without end for streams that do not
//! end; axum's has no HTTP/2 settings; hyper waits for ever for a peer that never finishes its handshake. HTTP/1.1 is hyper's,
//! HTTP/2 ours ([`crate::http2`]).

mod accept;
mod admission;
mod body;
mod connection;
mod dispatch;
mod http2;
mod hyper_http2;
mod interrupts;
mod io;
mod placement;
mod read_buffer;
mod settings;
mod stats;
mod upgraded_io;
mod write_batch;

use std::error::Error as StdError;
use std::sync::Arc;

use http::{Request, Response};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wigwag_http2::WriteBody;

pub use accept::{Accept, Transport};
pub use body::IncomingBody;
pub use dispatch::{ConnectionHandle, PeerAddr};
pub(crate) use io::ConnectionIo;
pub use placement::RuntimePool;
pub(crate) use read_buffer::poll_read_buffer;
pub use settings::{Http2Engine, ListenerConfig};
pub use stats::ListenerStats;
pub use upgraded_io::UpgradedIo;

use accept::Backoff;
use admission::Admission;
use connection::Shared;

/// Takes connections and hands their requests to `service`, until `stop` is cancelled.
///
/// Each request carries the extensions [`PeerAddr`] and [`ConnectionHandle`]. After `stop` no connection is taken, open
/// ones are told to finish (GOAWAY, `connection: close`) and have [`ListenerConfig::stop_grace`] for it; then they are
/// dropped, streams that never end, silent peers and upgraded connections included. Returns when all are gone.
pub async fn serve<A, S, B>(
    mut accept: A,
    service: S,
    settings: ListenerConfig,
    stats: Arc<ListenerStats>,
    stop: CancellationToken,
) where
    A: Accept,
    S: tower::Service<Request<IncomingBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    B: WriteBody + Unpin + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let admission = Admission::new(settings.max_connections, settings.max_connections_per_ip, stats.clone());
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
                // A refused connection is closed here rather than left in the backlog: its owner learns at once.
                if let Some(permit) = admission.admit(peer.ip()) {
                    io.tune();
                    let (service, shared) = (service.clone(), shared.clone());
                    let life = move |io, batcher| connection::run(io, batcher, peer, service, shared, permit);
                    pool.spawn_on_least_loaded(&connections, &batchers, io, life);
                }
            }
            Err(error) => {
                let Some(pause) = backoff.after(&error) else { continue };
                shared.stats.count_accept_error();
                let pause_ms = pause.as_millis();
                tracing::warn!(%error, pause_ms, "no connection can be accepted; waiting");
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
