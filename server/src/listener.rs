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
mod byte_stream;
mod connection;
mod dispatch;
mod homes;
mod http2;
mod intake;
mod link;
mod outbox;
mod settings;
mod stats;
mod watched;

use std::error::Error as StdError;
use std::sync::Arc;

use http::{Request, Response};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use accept::{Accept, Transport};
pub use body::RequestBody;
pub(crate) use byte_stream::ByteStream;
pub use dispatch::{ConnectionHandle, PeerAddr};
pub use homes::Homes;
pub(crate) use intake::poll_intake;
pub(crate) use link::LinkedIo;
pub use settings::Settings;
pub use stats::ListenerStats;

use accept::Backoff;
use admission::Admission;
use connection::Shared;

pub use crate::http2::{Incoming, Outgoing, Page, Written};

/// Takes connections and hands their requests to `service`, until `stop` is cancelled.
///
/// Each request carries the extensions [`PeerAddr`] and [`ConnectionHandle`]. After `stop` no connection is taken, open
/// ones are told to finish (GOAWAY, `connection: close`) and have [`Settings::stop_grace`] for it; then they are
/// dropped, streams that never end, silent peers and upgraded connections included. Returns when all are gone.
pub async fn serve<A, S, B>(
    mut accept: A,
    service: S,
    settings: Settings,
    stats: Arc<ListenerStats>,
    stop: CancellationToken,
) where
    A: Accept,
    S: tower::Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    B: Outgoing + Unpin + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let admission = Admission::new(settings.max_connections, settings.max_connections_per_ip, stats.clone());
    let homes = settings.homes.clone();
    let outboxes = homes.outboxes();
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
                if let Some(place) = admission.admit(peer.ip()) {
                    io.tune();
                    let (service, shared) = (service.clone(), shared.clone());
                    let life = move |io, outbox| connection::run(io, outbox, peer, service, shared, place);
                    homes.settle(&connections, &outboxes, io, life);
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
