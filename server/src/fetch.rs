//! Requests of this server to others, over HTTP/1.1: to the host of a URL and no other, without redirects, with a time-out and
//! a largest answer.

mod resolve;
mod trust;
mod url;

use std::{
    fmt, io,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode,
    header::{HOST, USER_AGENT},
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_util::task::AbortOnDropHandle;

use self::resolve::Resolver;
pub use self::{
    trust::Trust,
    url::{HttpUrl, HttpUrlError},
};

/// Largest answer.
const MAX_BYTES: usize = 64 * 1024;

/// How long a connection is kept for the next request. Servers close idle ones after 5 s or more.
const MAX_IDLE: Duration = Duration::from_secs(4);

/// Calls the server of one URL.
pub(crate) struct HttpClient {
    url: HttpUrl,
    resolver: Resolver,
    trust: Trust,
    /// Time for everything: resolving the name, connecting, the answer.
    timeout: Duration,
    /// Connections that wait for the next request, and how many may.
    idle: Mutex<Vec<Open>>,
    max_idle: usize,
}

/// What is requested, besides the URL.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An answer whose body has arrived.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// A connection. It is closed when this is dropped.
struct Open {
    sender: SendRequest<Full<Bytes>>,
    since: Instant,
    _driver: AbortOnDropHandle<()>,
}

/// Why a request failed. The text holds nothing that the server answered.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The server did not answer in time.
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The connection failed.
    #[error("no connection: {}", .0.kind())]
    Connect(io::Error),
    /// The TLS handshake failed.
    #[error(
        "the TLS handshake failed: {0}; certificates are checked against those of the configured file, or those that this \
         machine trusts"
    )]
    Tls(io::Error),
    /// The request failed.
    #[error("the HTTP request failed")]
    Http(#[from] hyper::Error),
    /// The request cannot be written.
    #[error("the request has a field that HTTP does not allow")]
    Request(#[from] http::Error),
    /// The status is not one of success.
    #[error("the status is {0}, not 200; redirects are not followed: configure the URL of the document itself")]
    Status(StatusCode),
    /// The answer is too large, or was cut.
    #[error("the answer has more than 64 KiB, or was cut")]
    Body,
}

impl HttpClient {
    /// Creates a client that keeps at most `max_idle` connections for later requests.
    pub(crate) fn new(url: HttpUrl, trust: Trust, timeout: Duration, max_idle: usize) -> Self {
        let resolver = Resolver::new(&url.host, url.port);
        Self { url, resolver, trust, timeout, idle: Mutex::default(), max_idle }
    }

    /// Sends a request. One that fails on a connection that was used before is sent again on a new one, so that the server may
    /// see it twice.
    ///
    /// # Errors
    ///
    /// Fails if the whole answer, whatever its status, has not arrived in time.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer, FetchError> {
        let sending = async {
            if let Some(open) = self.take_idle()
                && let Ok(answer) = self.request(open, call).await
            {
                return Ok(answer);
            }
            self.request(self.connect().await?, call).await
        };
        timeout(self.timeout, sending).await.map_err(|_| FetchError::Timeout(self.timeout))?
    }

    fn take_idle(&self) -> Option<Open> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|open| open.since.elapsed() < MAX_IDLE && open.sender.is_ready());
        idle.pop()
    }

    async fn connect(&self) -> Result<Open, FetchError> {
        let url = &self.url;
        let addresses = self.resolver.addresses().await.map_err(FetchError::Connect)?;
        let stream = TcpStream::connect(&*addresses).await.map_err(FetchError::Connect)?;
        // Requests are small, and each is waited for.
        stream.set_nodelay(true).map_err(FetchError::Connect)?;
        if !url.https {
            return handshake(stream).await;
        }
        let invalid = |error| FetchError::Tls(io::Error::new(io::ErrorKind::InvalidInput, error));
        let name = ServerName::try_from(url.host.clone()).map_err(|_| invalid("the host has no valid name"))?;
        let tls = self.trust.tls.as_ref().ok_or_else(|| invalid("TLS is not configured"))?;
        handshake(tls.connect(name, stream).await.map_err(FetchError::Tls)?).await
    }

    async fn request(&self, mut open: Open, call: &Call) -> Result<Answer, FetchError> {
        let mut request = Request::builder()
            .method(&call.method)
            .uri(&self.url.path)
            .header(HOST, &self.url.authority)
            .header(USER_AGENT, HeaderValue::from_static(concat!("wigwag-server/", env!("CARGO_PKG_VERSION"))))
            .body(Full::new(call.body.clone()))?;
        request.headers_mut().extend(call.headers.clone());
        let response = open.sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_BYTES).collect().await.map_err(|_| FetchError::Body)?;
        let answer = Answer { status, body: body.to_bytes() };
        if self.max_idle > 0 && open.sender.ready().await.is_ok() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < self.max_idle {
                open.since = Instant::now();
                idle.push(open);
            }
        }
        Ok(answer)
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("url", &self.url).field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Answer {
    /// Returns the body if the status is one of success (200 to 299).
    ///
    /// # Errors
    ///
    /// The status.
    pub(crate) fn success(self) -> Result<Bytes, FetchError> {
        if self.status.is_success() { Ok(self.body) } else { Err(FetchError::Status(self.status)) }
    }
}

async fn handshake(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Result<Open, FetchError> {
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(async move {
        // How it ended is told to the request that was under way.
        let _ = connection.await;
    });
    Ok(Open { sender, since: Instant::now(), _driver: AbortOnDropHandle::new(driver) })
}
