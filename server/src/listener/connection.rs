//! The life of one connection.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use http::{Request, Response};
use hyper::server::conn::http1::UpgradeableConnection;
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::admission::Place;
use super::dispatch::{ConnectionHandle, Dispatch, PeerAddr};
use super::http2::Http2;
use super::link::{Link, LinkedIo};
use super::outbox::Outbox;
use super::watched::{Ended, Graceful, Watches};
use super::{ListenerStats, RequestBody, Settings, Transport};
use crate::http2::{Outgoing, PREFACE};

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
    S: tower::Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    B: Outgoing + Unpin + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    // First in, last out: the place is given back when the byte stream is gone.
    let _place = place;
    let link = Arc::new(Link::default());
    let aborted = CancellationToken::new();
    let (open, closed) = oneshot::channel::<Infallible>();
    let handle = ConnectionHandle::new(aborted.clone());
    let dispatch = Dispatch { service, peer: PeerAddr(peer), handle, link: link.clone() };
    let io = LinkedIo::new(io, link.clone(), outbox, open);

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
    mut io: LinkedIo<I>,
    dispatch: Dispatch<S>,
    aborted: &CancellationToken,
    link: &Arc<Link>,
    shared: &Arc<Shared>,
) -> Fate
where
    I: Transport,
    S: tower::Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    B: Outgoing + Unpin + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let mut watches = Watches::new(interruptions(aborted, link, shared));
    let protocol = {
        let mut sniffed = pin!(sniff(&mut io));
        loop {
            match watches.over(sniffed.as_mut()).await {
                Ended::Main(protocol) => break protocol,
                Ended::Watch(Interruption::Aborted) => return cut(link),
                Ended::Watch(Interruption::Overdue) => {
                    shared.stats.count_overdue();
                    return Fate::Over;
                }
                Ended::Watch(Interruption::Stop) => return Fate::Over,
                Ended::Watch(Interruption::Settled) => {}
            }
        }
    };
    // In boxes of their own: an upgraded connection outlives them by far.
    match protocol {
        Ok(Some(Protocol::Http1)) => {
            let http1 = shared.settings.http1().serve_connection(TokioIo::new(io), dispatch).with_upgrades();
            Box::pin(speak(http1, watches, link, shared)).await
        }
        Ok(Some(Protocol::Http2)) => {
            let http2 = Http2::new(io, dispatch, &shared.settings);
            Box::pin(speak(http2, watches, link, shared)).await
        }
        Ok(None) | Err(_) => Fate::Over,
    }
}

/// What a connection speaks.
enum Protocol {
    Http1,
    Http2,
}

/// Finds out what the client speaks. Nothing when it has gone before that could be told.
async fn sniff<I: Transport>(io: &mut LinkedIo<I>) -> io::Result<Option<Protocol>> {
    let mut heard = BytesMut::new();
    loop {
        let chunk = poll_fn(|cx| io.poll_chunk(cx)).await?;
        if chunk.is_empty() {
            return Ok(None);
        }
        heard.extend_from_slice(&chunk);
        let compared = heard.len().min(PREFACE.len());
        if heard[..compared] != PREFACE[..compared] {
            io.unread(heard.freeze());
            return Ok(Some(Protocol::Http1));
        }
        if compared == PREFACE.len() {
            heard.advance(compared);
            io.unread(heard.freeze());
            return Ok(Some(Protocol::Http2));
        }
    }
}

/// Speaks a protocol to the end.
async fn speak<P, E>(protocol: P, mut watches: Watches<Interruption>, link: &Arc<Link>, shared: &Arc<Shared>) -> Fate
where
    P: Graceful<Output = Result<(), E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let mut protocol = pin!(protocol);
    let grace = loop {
        match watches.over(protocol.as_mut()).await {
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
    protocol.as_mut().graceful_shutdown();
    let rest = async {
        loop {
            match watches.over(protocol.as_mut()).await {
                Ended::Main(result) => return over(result),
                Ended::Watch(Interruption::Aborted) => return cut(link),
                Ended::Watch(_) => {}
            }
        }
    };
    // It could wait without bound, for streams that never end or for a request that never comes.
    timeout(grace, rest).await.unwrap_or(Fate::Over)
}

impl<I, S, B> Graceful for UpgradeableConnection<TokioIo<LinkedIo<I>>, Dispatch<S>>
where
    I: Transport,
    S: tower::Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    B: Outgoing + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    fn graceful_shutdown(self: Pin<&mut Self>) {
        Self::graceful_shutdown(self);
    }
}

fn over<E: Into<Box<dyn StdError + Send + Sync>>>(result: Result<(), E>) -> Fate {
    if let Err(error) = result {
        // Connections break all day long; what a session makes of it is logged with the session.
        tracing::debug!(error = error.into(), "connection ended");
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
