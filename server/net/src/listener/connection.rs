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

use super::admission::Permit;
use super::dispatch::{ConnectionHandle, Dispatch, PeerAddr};
use super::http2::Http2Driver;
use super::interrupts::{Graceful, Interrupts, Waited};
use super::io::{ConnectionFlags, ConnectionIo};
use super::write_batch::WriteBatcher;
use super::{AcceptedIo, Http2Engine, IncomingBody, ListenerConfig, ListenerStats, hyper_http2};
use wigwag_http2::{PREFACE, WriteBody};

/// What all connections of a listener share.
pub(super) struct Shared {
    pub(super) settings: ListenerConfig,
    pub(super) stats: Arc<ListenerStats>,
    pub(super) stop: CancellationToken,
}

/// Time a connection that missed a deadline has for its goodbye (GOAWAY in HTTP/2).
const GOAWAY_TIMEOUT: Duration = Duration::from_millis(250);

/// Serves one connection until its byte stream is closed, wherever an upgrade has taken it. Once the listener is
/// stopped it ends within the grace of the settings.
pub(super) async fn run<I, S, B>(
    io: I,
    batcher: WriteBatcher,
    peer: SocketAddr,
    service: S,
    shared: Arc<Shared>,
    permit: Permit,
) where
    I: AcceptedIo,
    S: tower::Service<Request<IncomingBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    B: WriteBody + Unpin + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    // First in, last out: the place is given back when the byte stream is gone.
    let _permit = permit;
    let flags = Arc::new(ConnectionFlags::default());
    let aborted = CancellationToken::new();
    let (open, closed) = oneshot::channel::<Infallible>();
    let handle = ConnectionHandle::new(aborted.clone());
    let dispatch = Dispatch { service, peer: PeerAddr(peer), handle, flags: flags.clone() };
    let io = ConnectionIo::new(io, flags.clone(), batcher, open);

    if drive(io, dispatch, &aborted, &flags, &shared).await == Outcome::Cut {
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
        () = aborted.cancelled() => flags.cut(true),
        () = stopped => flags.cut(false),
    }
}

/// How HTTP ended on a connection.
#[derive(PartialEq, Eq)]
enum Outcome {
    /// By itself, or by an upgrade.
    Over,
    /// From outside, with what was unsent.
    Cut,
}

/// What interrupts a connection.
enum Interruption {
    Aborted,
    HandshakeTimeout,
    Stop,
    /// The deadlines of the beginning are kept.
    Settled,
}

/// Speaks HTTP until the connection ends, is upgraded, misses a deadline, is aborted, or the listener stops.
async fn drive<I, S, B>(
    mut io: ConnectionIo<I>,
    dispatch: Dispatch<S>,
    aborted: &CancellationToken,
    flags: &Arc<ConnectionFlags>,
    shared: &Arc<Shared>,
) -> Outcome
where
    I: AcceptedIo,
    S: tower::Service<Request<IncomingBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    B: WriteBody + Unpin + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let mut interrupts = Interrupts::new(interruptions(aborted, flags, shared));
    let protocol = {
        let mut sniffed = pin!(sniff(&mut io));
        loop {
            match interrupts.over(sniffed.as_mut()).await {
                Waited::Completed(protocol) => break protocol,
                Waited::Interrupted(Interruption::Aborted) => return cut(flags),
                Waited::Interrupted(Interruption::HandshakeTimeout) => {
                    shared.stats.count_handshake_timeout();
                    return Outcome::Over;
                }
                Waited::Interrupted(Interruption::Stop) => return Outcome::Over,
                Waited::Interrupted(Interruption::Settled) => {}
            }
        }
    };
    // In boxes of their own: an upgraded connection outlives them by far.
    match protocol {
        Ok(Some(Protocol::Http1)) => {
            let http1 = shared.settings.http1().serve_connection(TokioIo::new(io), dispatch).with_upgrades();
            Box::pin(speak(http1, interrupts, flags, shared)).await
        }
        Ok(Some(Protocol::Http2)) => match shared.settings.http2_engine {
            Http2Engine::Wigwag => {
                let http2 = Http2Driver::new(io, dispatch, &shared.settings);
                Box::pin(speak(http2, interrupts, flags, shared)).await
            }
            Http2Engine::Hyper => {
                let http2 = hyper_http2::connection(io, dispatch, &shared.settings);
                Box::pin(speak(http2, interrupts, flags, shared)).await
            }
        },
        Ok(None) | Err(_) => Outcome::Over,
    }
}

/// What a connection speaks.
enum Protocol {
    Http1,
    Http2,
}

/// Finds out what the client speaks. Nothing when it has gone before that could be told.
async fn sniff<I: AcceptedIo>(io: &mut ConnectionIo<I>) -> io::Result<Option<Protocol>> {
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
async fn speak<P, E>(
    protocol: P,
    mut interrupts: Interrupts<Interruption>,
    flags: &Arc<ConnectionFlags>,
    shared: &Arc<Shared>,
) -> Outcome
where
    P: Graceful<Output = Result<(), E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let mut protocol = pin!(protocol);
    let grace = loop {
        match interrupts.over(protocol.as_mut()).await {
            Waited::Completed(result) => return over(result),
            Waited::Interrupted(Interruption::Aborted) => return cut(flags),
            Waited::Interrupted(Interruption::HandshakeTimeout) => {
                shared.stats.count_handshake_timeout();
                break GOAWAY_TIMEOUT;
            }
            Waited::Interrupted(Interruption::Stop) => break shared.settings.stop_grace,
            Waited::Interrupted(Interruption::Settled) => {}
        }
    };
    protocol.as_mut().graceful_shutdown();
    let rest = async {
        loop {
            match interrupts.over(protocol.as_mut()).await {
                Waited::Completed(result) => return over(result),
                Waited::Interrupted(Interruption::Aborted) => return cut(flags),
                Waited::Interrupted(_) => {}
            }
        }
    };
    // It could wait without bound, for streams that never end or for a request that never comes.
    timeout(grace, rest).await.unwrap_or(Outcome::Over)
}

impl<I, S, B> Graceful for UpgradeableConnection<TokioIo<ConnectionIo<I>>, Dispatch<S>>
where
    I: AcceptedIo,
    S: tower::Service<Request<IncomingBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    B: WriteBody + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    fn graceful_shutdown(self: Pin<&mut Self>) {
        Self::graceful_shutdown(self);
    }
}

fn over<E: Into<Box<dyn StdError + Send + Sync>>>(result: Result<(), E>) -> Outcome {
    if let Err(error) = result {
        // Connections break all day long; what a session makes of it is logged with the session.
        tracing::debug!(error = error.into(), "connection ended");
    }
    Outcome::Over
}

/// Before the byte stream is dropped, which would send what is unsent.
fn cut(flags: &ConnectionFlags) -> Outcome {
    flags.cut(true);
    Outcome::Cut
}

fn interruptions(
    aborted: &CancellationToken,
    flags: &Arc<ConnectionFlags>,
    shared: &Arc<Shared>,
) -> Vec<Pin<Box<dyn Future<Output = Interruption> + Send>>> {
    let (aborted, stop) = (aborted.clone().cancelled_owned(), shared.stop.clone().cancelled_owned());
    let (flags, shared) = (flags.clone(), shared.clone());
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
            if misses_handshake_deadline(&flags, &shared.settings).await {
                Interruption::HandshakeTimeout
            } else {
                Interruption::Settled
            }
        }),
    ]
}

/// Whether the peer misses the deadline of its first byte or of its first request. Known when it has, or has kept both.
async fn misses_handshake_deadline(flags: &ConnectionFlags, settings: &ListenerConfig) -> bool {
    sleep(settings.first_byte_timeout).await;
    if !flags.heard() {
        return true;
    }
    sleep(settings.handshake_timeout.saturating_sub(settings.first_byte_timeout)).await;
    !flags.dispatched()
}
