//! The life of one connection.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::admission::Place;
use super::dispatch::{ConnectionHandle, Dispatch, PeerAddr};
use super::link::{Link, LinkedIo};
use super::outbox::Outbox;
use super::strands::{Ended, Spawner, Strands};
use super::{ListenerStats, Settings, Transport};

/// What all connections of a listener share.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) stats: Arc<ListenerStats>,
    pub(super) stop: CancellationToken,
}

/// Time a connection that missed a deadline has for its goodbye (GOAWAY in HTTP/2).
const GOODBYE: Duration = Duration::from_millis(250);

/// Serves one connection until its byte stream is closed, wherever an upgrade has taken it. Once the listener is
/// stopped it ends within the grace of the settings.
pub(super) async fn run<I, S, B>(io: I, outbox: Outbox, peer: SocketAddr, service: S, shared: Arc<Shared>, place: Place)
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
    let io = TokioIo::new(LinkedIo::new(io, link.clone(), outbox, open));

    if drive(io, dispatch, &aborted, &link, &shared).await == Fate::Cut {
        return;
    }
    let stopped = async {
        shared.stop.cancelled().await;
        // A moment beyond what `drive` takes, which ends politely what can be ended politely.
        sleep(shared.settings.stop_grace + Duration::from_millis(20)).await;
    };
    // Resolves when the byte stream is dropped: at once, unless a request was upgraded.
    tokio::select! {
        biased;
        _ = closed => {}
        () = aborted.cancelled() => link.cut(true),
        () = stopped => link.cut(false),
    }
}

/// How HTTP ended on a connection.
#[derive(PartialEq, Eq)]
enum Fate {
    /// By itself, or by an upgrade.
    Over,
    /// From outside, with what was unsent.
    Cut,
}

/// What interrupts a connection.
enum Interruption {
    Aborted,
    Overdue,
    Stop,
    /// The deadlines of the beginning are kept.
    Settled,
}

/// Speaks HTTP until the connection ends, is upgraded, misses a deadline, is aborted, or the listener stops.
async fn drive<I, S, B>(
    io: TokioIo<LinkedIo<I>>,
    dispatch: Dispatch<S>,
    aborted: &CancellationToken,
    link: &Arc<Link>,
    shared: &Arc<Shared>,
) -> Fate
where
    I: Transport,
    S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let streams = Spawner::default();
    let protocols = shared.settings.protocols(streams.clone());
    // In a box of its own: an upgraded connection outlives it by far.
    let mut connection = Box::pin(protocols.serve_connection_with_upgrades(io, dispatch));
    let mut connection = Strands::new(connection.as_mut(), streams, interruptions(aborted, link, shared));
    let grace = loop {
        match (&mut connection).await {
            Ended::Main(result) => return over(result),
            Ended::Watch(Interruption::Aborted) => return cut(link),
            Ended::Watch(Interruption::Overdue) => {
                shared.stats.count_overdue();
                break GOODBYE;
            }
            Ended::Watch(Interruption::Stop) => break shared.settings.stop_grace,
            Ended::Watch(Interruption::Settled) => {}
        }
    };
    connection.main().graceful_shutdown();
    let rest = async {
        loop {
            match (&mut connection).await {
                Ended::Main(result) => return over(result),
                Ended::Watch(Interruption::Aborted) => return cut(link),
                Ended::Watch(_) => {}
            }
        }
    };
    // hyper itself would wait without bound, for streams that never end or for a handshake that never comes.
    timeout(grace, rest).await.unwrap_or(Fate::Over)
}

fn over(result: Result<(), Box<dyn StdError + Send + Sync>>) -> Fate {
    if let Err(error) = result {
        // Connections break all day long; what a session makes of it is logged with the session.
        tracing::debug!(error, "connection ended");
    }
    Fate::Over
}

/// Before the byte stream is dropped, which would send what is unsent.
fn cut(link: &Link) -> Fate {
    link.cut(true);
    Fate::Cut
}

fn interruptions(
    aborted: &CancellationToken,
    link: &Arc<Link>,
    shared: &Arc<Shared>,
) -> Vec<Pin<Box<dyn Future<Output = Interruption> + Send>>> {
    let (aborted, stop) = (aborted.clone().cancelled_owned(), shared.stop.clone().cancelled_owned());
    let (link, shared) = (link.clone(), shared.clone());
    vec![
        Box::pin(async move {
            aborted.await;
            Interruption::Aborted
        }),
        Box::pin(async move {
            stop.await;
            Interruption::Stop
        }),
        Box::pin(async move {
            if is_overdue(&link, &shared.settings).await { Interruption::Overdue } else { Interruption::Settled }
        }),
    ]
}

/// Whether the peer misses the deadline of its first byte or of its first request. Known when it has, or has kept both.
async fn is_overdue(link: &Link, settings: &Settings) -> bool {
    sleep(settings.first_byte_timeout).await;
    if !link.heard() {
        return true;
    }
    sleep(settings.handshake_timeout.saturating_sub(settings.first_byte_timeout)).await;
    !link.dispatched()
}
