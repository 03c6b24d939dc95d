//! The life of one connection.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::future::pending;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::admission::Place;
use super::dispatch::{ConnectionHandle, Dispatch, PeerAddr};
use super::link::{Link, LinkedIo};
use super::{ListenerStats, Settings, Transport};

/// What all connections of a listener share.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) protocols: auto::Builder<TokioExecutor>,
    pub(super) stats: Arc<ListenerStats>,
    pub(super) stop: CancellationToken,
}

/// Time a connection that missed a deadline has for its goodbye (GOAWAY in HTTP/2).
const GOODBYE: Duration = Duration::from_millis(250);

/// Serves one connection until its byte stream is closed, wherever an upgrade has taken it. Once the listener is
/// stopped it ends within the grace of the settings.
pub(super) async fn run<I, S, B>(io: I, peer: SocketAddr, service: S, shared: Arc<Shared>, place: Place)
where
    I: Transport,
    S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    // First in, last out: the place is given back when the byte stream is gone.
    let _place = place;
    let link = Arc::new(Link::default());
    let aborted = CancellationToken::new();
    let (open, closed) = oneshot::channel::<Infallible>();
    let handle = ConnectionHandle::new(aborted.clone());
    let dispatch = Dispatch { service, peer: PeerAddr(peer), handle, link: link.clone() };
    let io = TokioIo::new(LinkedIo::new(io, link.clone(), open));

    let life = async {
        drive(io, dispatch, &link, &shared).await;
        // Resolves when the byte stream is dropped: at once, unless a request was upgraded.
        let _ = closed.await;
    };
    let stopped = async {
        shared.stop.cancelled().await;
        // A moment beyond what `drive` takes, which ends politely what can be ended politely.
        sleep(shared.settings.stop_grace + Duration::from_millis(20)).await;
    };
    let mut life = pin!(life);
    tokio::select! {
        biased;
        () = aborted.cancelled() => link.cut(true),
        () = &mut life => {}
        () = stopped => link.cut(false),
    }
}

/// Speaks HTTP until the connection ends, is upgraded, misses a deadline, or the listener stops.
async fn drive<I, S, B>(io: TokioIo<LinkedIo<I>>, dispatch: Dispatch<S>, link: &Link, shared: &Shared)
where
    I: Transport,
    S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let mut connection = pin!(shared.protocols.serve_connection_with_upgrades(io, dispatch));
    let grace = tokio::select! {
        result = connection.as_mut() => return ended(result),
        () = overdue(link, &shared.settings) => {
            shared.stats.count_overdue();
            GOODBYE
        }
        () = shared.stop.cancelled() => shared.settings.stop_grace,
    };
    connection.as_mut().graceful_shutdown();
    // hyper itself would wait without bound, for streams that never end or for a handshake that never comes.
    if let Ok(result) = timeout(grace, connection).await {
        ended(result);
    }
}

fn ended(result: Result<(), Box<dyn StdError + Send + Sync>>) {
    if let Err(error) = result {
        // Connections break all day long; what a session makes of it is logged with the session.
        tracing::debug!(error, "connection ended");
    }
}

/// Resolves when the peer has missed the deadline of its first byte or of its first request; never, once it has kept
/// both.
async fn overdue(link: &Link, settings: &Settings) {
    sleep(settings.first_byte_timeout).await;
    if !link.heard() {
        return;
    }
    sleep(settings.handshake_timeout.saturating_sub(settings.first_byte_timeout)).await;
    if link.dispatched() {
        pending().await
    }
}
