//! Serves one connection: detects the protocol, enforces deadlines, and stops gracefully.

use std::{
    convert::Infallible,
    error::Error as StdError,
    future::{Future, poll_fn, ready},
    hash::{BuildHasher as _, RandomState},
    io,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use bytes::{Buf as _, BytesMut};
use hyper::server::conn::http1::UpgradeableConnection;
use hyper_util::rt::TokioIo;
use tokio::{
    sync::oneshot,
    time::{Instant, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;
use wigwag_http2::PREFACE;

use super::{
    AcceptedIo, Http2Engine, HttpService, ListenerConfig, ListenerStats,
    admission::Permit,
    dispatch::{ConnectionHandle, Dispatch},
    fairness::Fair,
    http2::Http2Driver,
    hyper_http2,
    interrupts::{Graceful, Interrupts, Waited},
    io::{ConnectionFlags, ConnectionIo},
    proxy_protocol::{Proxied, ProxyHeader},
    served::CountPanic,
    shared::Shared,
    write_batch::WriteBatcher,
};
use crate::tls::PeerCertificate;

/// How long a connection that missed a deadline may take to close gracefully (with GOAWAY in HTTP/2).
const GOAWAY_TIMEOUT: Duration = Duration::from_millis(250);

/// Serves one connection until its byte stream is closed, even if an upgrade has moved it to another task. Once the
/// listener is stopped, it ends within [`ListenerConfig::stop_grace`].
///
/// Not an `async fn`, whose arguments would take their place twice in a task that lives as long as the connection.
pub(super) fn run<I, S>(
    io: I,
    batcher: WriteBatcher,
    service: S,
    shared: Arc<Shared>,
    permit: Permit,
) -> impl Future<Output = ()> + Send
where
    I: AcceptedIo,
    S: HttpService,
{
    let flags = Arc::new(ConnectionFlags::default());
    let aborted = CancellationToken::new();
    let (open, closed) = oneshot::channel::<Infallible>();
    let handle = ConnectionHandle::new(aborted.clone());
    let counted = CountPanic(shared.stats.clone());
    let dispatch = Dispatch {
        service,
        peer: permit.peer(),
        certificate: None,
        handle,
        flags: flags.clone(),
        shared: shared.clone(),
    };
    let io = ConnectionIo::new(io, flags.clone(), batcher, open);
    // Each part is boxed, so that an upgraded connection does not keep their memory: it outlives them by far.
    let begun = Box::pin(begin(permit, io, dispatch, aborted.clone(), flags.clone(), shared.clone()));
    async move {
        let _counted = counted;
        // Dropped last: it is released when the byte stream is closed.
        let (_permit, serving) = begun.await;
        if serving.await == Outcome::Aborted {
            return;
        }
        let stopped = async {
            shared.stop.cancelled().await;
            // Slightly longer than `serve` waits, so that a graceful shutdown can finish first.
            sleep(shared.settings.stop_grace + Duration::from_millis(20)).await;
        };
        // `closed` resolves when the byte stream is dropped: at once, unless a request was upgraded.
        tokio::select! {
            biased;
            _ = closed => {}
            () = aborted.cancelled() => flags.cut(true),
            () = stopped => flags.cut(false),
        }
    }
}

/// How serving HTTP on a connection ended.
#[derive(PartialEq, Eq)]
enum Outcome {
    /// The connection ended, or was upgraded.
    Ended,
    /// It was aborted, and unsent bytes are discarded.
    Aborted,
}

/// An event that interrupts serving a connection.
enum Interruption {
    Aborted,
    HandshakeTimeout,
    Stop,
    /// The connection is as old as it may become.
    Old,
    /// The first byte, and the first request or the SETTINGS of HTTP/2, have arrived in time.
    HandshakeDone,
}

/// Serves HTTP until the connection ends, is upgraded, misses a deadline, is aborted, or the listener stops.
type Serving = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Waits for what a connection begins with, and returns what serves it then.
async fn begin<I, S>(
    mut permit: Permit,
    mut io: ConnectionIo<I>,
    mut dispatch: Dispatch<S>,
    aborted: CancellationToken,
    flags: Arc<ConnectionFlags>,
    shared: Arc<Shared>,
) -> (Permit, Serving)
where
    I: AcceptedIo,
    S: HttpService,
{
    let mut interrupts = Interrupts::new(interruptions(&aborted, &flags, &shared));
    let mut certificate = None;
    let detected = {
        let mut detected = pin!(async {
            if permit.awaits_header() {
                if !read_proxy_header(&mut io, &mut permit, &shared.stats).await? {
                    return Ok(None);
                }
                dispatch.peer = permit.peer();
            }
            detect_protocol(&mut io, &mut certificate, &shared.stats).await
        });
        loop {
            match interrupts.over(detected.as_mut()).await {
                Waited::Completed(protocol) => break Ok(protocol),
                Waited::Interrupted(Interruption::Aborted) => break Err(abort(&flags)),
                Waited::Interrupted(Interruption::HandshakeTimeout) => {
                    shared.stats.count_handshake_timeout();
                    break Err(Outcome::Ended);
                }
                Waited::Interrupted(Interruption::Stop) => break Err(Outcome::Ended),
                Waited::Interrupted(Interruption::HandshakeDone | Interruption::Old) => {}
            }
        }
    };
    let protocol = match detected {
        Ok(Ok(Some(protocol))) => protocol,
        Ok(Ok(None) | Err(_)) => return (permit, Box::pin(ready(Outcome::Ended))),
        Err(outcome) => return (permit, Box::pin(ready(outcome))),
    };
    dispatch.certificate = certificate.map(Box::new);
    if let (Protocol::Http2, Some(age)) = (&protocol, shared.settings.max_connection_age) {
        interrupts.add(Box::pin(async move {
            sleep(jittered(age)).await;
            Interruption::Old
        }));
    }
    let serving = match protocol {
        Protocol::Http1 => {
            io.linger_on_shutdown();
            let http1 = shared.settings.http1().serve_connection(TokioIo::new(io), dispatch).with_upgrades();
            serve(Fair::new(http1), interrupts, flags, shared)
        }
        Protocol::Http2 => match shared.settings.http2_engine {
            Http2Engine::Wigwag => {
                let http2 = Http2Driver::new(io, dispatch, &shared.settings, shared.stats.clone());
                serve(http2, interrupts, flags, shared)
            }
            Http2Engine::Hyper => {
                let http2 = hyper_http2::connection(io, dispatch, &shared.settings);
                serve(Fair::new(http2), interrupts, flags, shared)
            }
        },
    };
    (permit, serving)
}

/// Reads the header of the PROXY protocol. Returns whether the client that it names may connect.
async fn read_proxy_header<I: AcceptedIo>(
    io: &mut ConnectionIo<I>,
    permit: &mut Permit,
    stats: &ListenerStats,
) -> io::Result<bool> {
    let mut header = ProxyHeader::default();
    let read = poll_fn(|cx| io.poll_proxy_header(&mut header, cx)).await;
    match read {
        Ok(Proxied::Client(client)) => Ok(permit.set_proxied(client)),
        // The proxy's own, such as a health check.
        Ok(Proxied::Unknown) => Ok(true),
        Err(error) => {
            // One that closes before it has sent anything has not begun; health checks do so.
            if header.has_begun() {
                stats.count_proxy_header_failure();
                tracing::debug!(%error, "a trusted proxy sent no header of the PROXY protocol");
            }
            Err(error)
        }
    }
}

/// The protocol of a connection.
enum Protocol {
    Http1,
    Http2,
}

/// Performs the handshake of TLS, if the connection has one, and detects the protocol: by ALPN, and by the HTTP/2 preface.
/// `None` if the client closes the connection before, or does not speak the protocol it has chosen.
async fn detect_protocol<I: AcceptedIo>(
    io: &mut ConnectionIo<I>,
    certificate: &mut Option<PeerCertificate>,
    stats: &ListenerStats,
) -> io::Result<Option<Protocol>> {
    let handshake = poll_fn(|cx| io.poll_handshake(cx)).await.inspect_err(|error| {
        // One that closes before it has sent anything has not begun; health checks do so.
        if io.flags().heard() {
            stats.count_tls_handshake_failure();
            tracing::debug!(%error, "TLS handshake failed");
        }
    })?;
    *certificate = handshake.certificate;
    if handshake.http2 == Some(false) {
        // A preface of HTTP/2 is an invalid request then.
        return Ok(Some(Protocol::Http1));
    }
    let mut received = BytesMut::new();
    loop {
        let chunk = poll_fn(|cx| io.poll_chunk(cx)).await?;
        if chunk.is_empty() {
            return Ok(None);
        }
        received.extend_from_slice(&chunk);
        let compared = received.len().min(PREFACE.len());
        if received[..compared] != PREFACE[..compared] {
            if handshake.http2 == Some(true) {
                return Ok(None);
            }
            io.unread(received.freeze());
            return Ok(Some(Protocol::Http1));
        }
        if compared == PREFACE.len() {
            received.advance(compared);
            io.unread(received.freeze());
            return Ok(Some(Protocol::Http2));
        }
    }
}

/// Returns what serves a protocol until the connection ends.
fn serve<P, E>(
    protocol: P,
    mut interrupts: Interrupts<Interruption>,
    flags: Arc<ConnectionFlags>,
    shared: Arc<Shared>,
) -> Serving
where
    P: Graceful<Output = Result<(), E>> + Send + 'static,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    // Pinned within the future, it would take its place twice.
    let mut protocol = Box::pin(protocol);
    Box::pin(async move {
        let grace = loop {
            match interrupts.over(protocol.as_mut()).await {
                Waited::Completed(result) => return ended(result),
                Waited::Interrupted(Interruption::Aborted) => return abort(&flags),
                Waited::Interrupted(Interruption::HandshakeTimeout) => {
                    shared.stats.count_handshake_timeout();
                    break GOAWAY_TIMEOUT;
                }
                Waited::Interrupted(Interruption::Stop) => break shared.settings.stop_grace,
                Waited::Interrupted(Interruption::Old) => break shared.settings.connection_age_grace,
                Waited::Interrupted(Interruption::HandshakeDone) => {}
            }
        };
        protocol.as_mut().graceful_shutdown();
        // A graceful shutdown alone waits without bound for streams that do not end.
        let mut deadline = Instant::now() + grace;
        loop {
            match timeout_at(deadline, interrupts.over(protocol.as_mut())).await {
                Ok(Waited::Completed(result)) => return ended(result),
                Ok(Waited::Interrupted(Interruption::Aborted)) => return abort(&flags),
                Ok(Waited::Interrupted(Interruption::Stop)) => {
                    deadline = deadline.min(Instant::now() + shared.settings.stop_grace);
                }
                Ok(Waited::Interrupted(_)) => {}
                Err(_) => return Outcome::Ended,
            }
        }
    })
}

impl<I, S> Graceful for UpgradeableConnection<TokioIo<ConnectionIo<I>>, Dispatch<S>>
where
    I: AcceptedIo,
    S: HttpService,
{
    fn graceful_shutdown(self: Pin<&mut Self>) {
        Self::graceful_shutdown(self);
    }
}

/// Returns a time that differs from `age` by up to a tenth, so that connections that were opened together do not end
/// together.
fn jittered(age: Duration) -> Duration {
    // Any number that differs between connections will do.
    let random = RandomState::new().hash_one(()) % 201;
    age * u32::try_from(900 + random).unwrap_or(1000) / 1000
}

fn ended<E: Into<Box<dyn StdError + Send + Sync>>>(result: Result<(), E>) -> Outcome {
    if let Err(error) = result {
        // Debug level, because lost connections are frequent; a session logs its own.
        tracing::debug!(error = error.into(), "connection ended");
    }
    Outcome::Ended
}

/// Cuts the byte stream before it is dropped, because dropping it would send unsent bytes.
fn abort(flags: &ConnectionFlags) -> Outcome {
    flags.cut(true);
    Outcome::Aborted
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
                Interruption::HandshakeDone
            }
        }),
    ]
}

/// Resolves to `true` when the peer misses the deadline of its first byte, or of its first request or SETTINGS, to `false`
/// once it has met both.
async fn misses_handshake_deadline(flags: &ConnectionFlags, settings: &ListenerConfig) -> bool {
    sleep(settings.first_byte_timeout).await;
    if !flags.heard() {
        return true;
    }
    sleep(settings.handshake_timeout.saturating_sub(settings.first_byte_timeout)).await;
    !flags.dispatched()
}
