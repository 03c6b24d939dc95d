//! The transport: one `Signal` stream over one HTTP/2 connection for each attempt.
//!
//! Every attempt opens a connection of its own and drops it with its stream, so that nothing of a broken connection
//! is ever used again.

use std::{
    error::Error as _,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_core::Stream;
use http::{Uri, uri::Scheme};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    time::timeout,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Request, Status, Streaming,
    transport::{Channel, Endpoint},
};
use wigwag_proto::v1::{
    Advice, ClientFrame, ErrorFrame, GetIceServersRequest, ServerFrame,
    signaling_service_client::SignalingServiceClient,
};

use crate::{
    driver::{Dial, Lost},
    error::{Code, Error, reason},
    server_info::IceServers,
};

/// Opens the TCP connection, or whatever stands for it.
pub(crate) type Connect = Arc<
    dyn Fn(Endpoint) -> Pin<Box<dyn Future<Output = Result<Channel, tonic::transport::Error>> + Send>> + Send + Sync,
>;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Between HTTP/2 pings. They notice a dead network while the server's heartbeats are not due yet.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// What the server may send before this client reads it. Small, so that an application that does not read is noticed.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 512 << 10;
/// Largest frame from the server: the roster of a full room (1,000 members with 4 KiB of metadata each) and then some.
const MAX_SERVER_FRAME: usize = 16 << 20;

/// What begins a certificate in a PEM file.
#[cfg(feature = "_rustls")]
const PEM_MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// Connects over the network.
pub(crate) struct GrpcDial {
    home: Endpoint,
    connect: Connect,
    #[cfg(feature = "_rustls")]
    ca_certificate: Option<Vec<u8>>,
}

impl GrpcDial {
    pub(crate) fn new(
        url: &str,
        connect: Connect,
        #[cfg(feature = "_rustls")] ca_certificate: Option<Vec<u8>>,
    ) -> Result<Self, Error> {
        let placeholder = Endpoint::from_static("http://localhost");
        let mut dial = Self {
            home: placeholder,
            connect,
            #[cfg(feature = "_rustls")]
            ca_certificate,
        };
        dial.home = dial.endpoint(url)?;
        Ok(dial)
    }

    fn endpoint(&self, url: &str) -> Result<Endpoint, Error> {
        let invalid = |why: &str| {
            let mut error = Error::new(Code::InvalidArgument, reason::INVALID_FIELD, format!("the URL {why}"));
            error.metadata.insert("field".into(), "url".into());
            error
        };
        let uri: Uri = url.parse().map_err(|_| invalid("cannot be parsed: give one like http://localhost:8080"))?;
        let is_https = uri.scheme() == Some(&Scheme::HTTPS);
        if !is_https && uri.scheme() != Some(&Scheme::HTTP) {
            return Err(invalid("needs the scheme http or https: give one like http://localhost:8080"));
        }
        if is_https && !cfg!(feature = "_rustls") {
            return Err(invalid("is https: build wigwag-client with the feature `tls` or `tls-webpki-roots`"));
        }
        let endpoint = Endpoint::from(uri)
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .keep_alive_while_idle(true)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .user_agent(CLIENT)
            .map_err(|_| invalid("cannot be used"))?;
        #[cfg(feature = "_rustls")]
        if is_https {
            return self.secured(endpoint);
        }
        Ok(endpoint)
    }

    /// Puts TLS on an endpoint, with the certificate authorities this build knows and the one that was given.
    #[cfg(feature = "_rustls")]
    fn secured(&self, endpoint: Endpoint) -> Result<Endpoint, Error> {
        use tonic::transport::{Certificate, ClientTlsConfig};

        let Some(pem) = &self.ca_certificate else {
            let known = ClientTlsConfig::new().with_enabled_roots();
            return endpoint.tls_config(known).map_err(|error| {
                let message = format!("no certificate authorities can be had from this machine: {}", chain(&error));
                Error::new(Code::FailedPrecondition, reason::INTERNAL, message)
            });
        };
        let given = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
        // A machine without authorities of its own, such as a container, does with the given one.
        let both = endpoint.clone().tls_config(given.clone().with_enabled_roots());
        let is_certificate = pem.windows(PEM_MARK.len()).any(|bytes| bytes == PEM_MARK);
        both.or_else(|_| endpoint.tls_config(given)).ok().filter(|_| is_certificate).ok_or_else(|| {
            let message =
                "the certificate authority is no certificate in PEM: give a text that begins with BEGIN CERTIFICATE";
            let mut error = Error::new(Code::InvalidArgument, reason::INVALID_FIELD, message);
            error.metadata.insert("field".into(), "ca_certificate".into());
            error
        })
    }

    /// For single calls beside the session.
    pub(crate) fn calls(&self) -> Calls {
        Calls { home: self.home.clone(), connect: self.connect.clone() }
    }

    /// Where to connect. A server may send its clients elsewhere, but not from a secure connection to an open one.
    fn target(&self, elsewhere: Option<&str>) -> Endpoint {
        let is_secure = |endpoint: &Endpoint| endpoint.uri().scheme() == Some(&Scheme::HTTPS);
        match elsewhere.map(|url| self.endpoint(url)) {
            None => self.home.clone(),
            Some(Ok(endpoint)) if is_secure(&endpoint) || !is_secure(&self.home) => endpoint,
            Some(_) => {
                tracing::warn!("the endpoint the server sent cannot be used; keeping to the one known");
                self.home.clone()
            }
        }
    }
}

impl Dial for GrpcDial {
    type Down = Down;

    async fn dial(&mut self, endpoint: Option<&str>, up: mpsc::Receiver<ClientFrame>) -> Result<Down, Lost> {
        let channel = (self.connect)(self.target(endpoint)).await.map_err(|error| Lost::unreachable(chain(&error)))?;
        let mut client = SignalingServiceClient::new(channel).max_decoding_message_size(MAX_SERVER_FRAME);
        let frames = client.signal(ReceiverStream::new(up)).await.map_err(|status| lost(&status))?.into_inner();
        Ok(Down { frames, _client: client })
    }
}

/// Single calls, each over a connection of its own: they are rare.
#[derive(Clone)]
pub(crate) struct Calls {
    home: Endpoint,
    connect: Connect,
}

impl Calls {
    /// STUN and TURN servers with fresh credentials.
    pub(crate) async fn ice_servers(&self, token: &str) -> Result<IceServers, Error> {
        let mut request = Request::new(GetIceServersRequest {});
        if !token.is_empty() {
            let bearer = format!("Bearer {token}").parse().map_err(|_| {
                Error::new(Code::Unauthenticated, "TOKEN_INVALID", "the token holds characters no header may hold")
            })?;
            request.metadata_mut().insert("authorization", bearer);
        }
        let call = async {
            let channel = (self.connect)(self.home.clone())
                .await
                .map_err(|error| Error::new(Code::Unavailable, reason::UNREACHABLE, chain(&error)))?;
            let answer = SignalingServiceClient::new(channel).get_ice_servers(request).await;
            answer.map_err(|status| Error::from_status(&status))
        };
        let late = |_| Error::new(Code::DeadlineExceeded, reason::TIMEOUT, "the server did not answer within 10 s");
        let answer = timeout(CALL_TIMEOUT, call).await.map_err(late)??.into_inner();
        Ok(IceServers::new(answer.ice_servers, answer.expires_at))
    }
}

// A connector has nothing to show.
impl std::fmt::Debug for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Calls").field("home", self.home.uri()).finish_non_exhaustive()
    }
}

/// The way down. Keeps the connection open as long as it is read.
pub(crate) struct Down {
    frames: Streaming<ServerFrame>,
    _client: SignalingServiceClient<Channel>,
}

impl Stream for Down {
    type Item = Result<ServerFrame, Lost>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.frames).poll_next(cx).map(|frame| frame.map(|frame| frame.map_err(|status| lost(&status))))
    }
}

/// This client's name, for the server's logs.
pub(crate) const CLIENT: &str = concat!("wigwag-rust/", env!("CARGO_PKG_VERSION"));

/// TCP with the operating system's resolver.
pub(crate) fn tcp() -> Connect {
    Arc::new(|endpoint| Box::pin(async move { endpoint.connect().await }))
}

/// The application's own way to open a connection.
pub(crate) fn custom<F, C, T>(connect: F) -> Connect
where
    F: Fn(Uri) -> C + Clone + Send + Sync + 'static,
    C: Future<Output = io::Result<T>> + Send + 'static,
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    Arc::new(move |endpoint| {
        let connect = connect.clone();
        let connector = tower::service_fn(move |uri: Uri| {
            let opening = connect(uri);
            async move { opening.await.map(TokioIo::new) }
        });
        Box::pin(async move { endpoint.connect_with_connector(connector).await })
    })
}

fn lost(status: &Status) -> Lost {
    let mut error = Error::from_status(status);
    if error.reason != reason::UNREACHABLE {
        // The server ended the stream with one of its reasons; a frame may have said the same, or was lost.
        let frame = ErrorFrame { code: status.code().into(), reason: error.reason.to_string(), ..Default::default() };
        let by_frame = Lost::fatal(frame).by_frame;
        return Lost { error, advice: Advice::Unspecified, by_frame };
    }
    let is_network = status.source().is_some();
    if is_network {
        // What broke beneath the stream has many codes and one meaning.
        error.code = Code::Unavailable;
        error.retryable = true;
    }
    let by_frame = !is_network && matches!(error.code, Code::Internal | Code::OutOfRange | Code::ResourceExhausted);
    Lost { error, advice: Advice::Unspecified, by_frame }
}

/// An error with its causes: the outermost alone says only "transport error".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some layers repeat what the one beneath them says.
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dial(url: &str) -> Result<GrpcDial, Error> {
        GrpcDial::new(
            url,
            tcp(),
            #[cfg(feature = "_rustls")]
            None,
        )
    }

    #[test]
    fn urls_need_a_scheme_this_build_has() {
        assert!(dial("http://localhost:8080").is_ok());
        for url in ["localhost:8080", "ftp://localhost", "", "http://"] {
            let error = dial(url).err().unwrap_or_else(|| panic!("{url} is no URL"));
            assert_eq!((error.reason.as_ref(), error.metadata["field"].as_str()), ("INVALID_FIELD", "url"));
        }
        assert_eq!(dial("https://localhost").is_ok(), cfg!(feature = "_rustls"));
    }

    #[test]
    fn a_server_may_send_elsewhere_but_not_to_nowhere() {
        let dial = dial("http://localhost:8080").expect("URL");
        assert_eq!(dial.target(Some("http://localhost:9090")).uri(), "http://localhost:9090/");
        assert_eq!(dial.target(Some("elsewhere")).uri(), "http://localhost:8080/");
        assert_eq!(dial.target(None).uri(), "http://localhost:8080/");
    }

    #[cfg(feature = "_rustls")]
    #[test]
    fn a_secure_client_is_not_sent_to_an_open_port() {
        let dial = dial("https://localhost").expect("URL");
        assert_eq!(dial.target(Some("http://localhost:9090")).uri(), "https://localhost/");
    }
}
