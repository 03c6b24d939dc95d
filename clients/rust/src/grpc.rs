//! The gRPC transport: one `Signal` stream on one HTTP/2 connection per attempt.
//!
//! Every attempt opens a new connection and drops it with its stream, so that a broken connection is never reused.

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
    error::{Code, Error, reason},
    server_info::IceServers,
    transport::{ConnectionError, Transport},
};

/// Opens the byte stream under HTTP/2: TCP, or what the application puts in its place.
pub(crate) type Connect = Arc<
    dyn Fn(Endpoint) -> Pin<Box<dyn Future<Output = Result<Channel, tonic::transport::Error>> + Send>> + Send + Sync,
>;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Interval of HTTP/2 PING frames. They notice a dead network before the heartbeat timeout does.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Flow-control windows. Small, so that an application that does not read its events soon makes the server wait.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 512 << 10;
/// Limits a frame from the server. The largest is the roster of a full room: 1,000 members with 4 KiB of metadata each.
const MAX_SERVER_FRAME: usize = 16 << 20;

/// The first line of a certificate in a PEM file.
#[cfg(feature = "_rustls")]
const PEM_MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// Connects to a server over gRPC.
pub(crate) struct GrpcTransport {
    /// The address the application gave.
    home: Endpoint,
    connect: Connect,
    #[cfg(feature = "_rustls")]
    ca_certificate: Option<Vec<u8>>,
}

impl GrpcTransport {
    pub(crate) fn new(
        url: &str,
        connect: Connect,
        #[cfg(feature = "_rustls")] ca_certificate: Option<Vec<u8>>,
    ) -> Result<Self, Error> {
        let placeholder = Endpoint::from_static("http://localhost");
        let mut transport = Self {
            home: placeholder,
            connect,
            #[cfg(feature = "_rustls")]
            ca_certificate,
        };
        transport.home = transport.endpoint(url)?;
        Ok(transport)
    }

    fn endpoint(&self, url: &str) -> Result<Endpoint, Error> {
        let invalid = |why: &str| {
            let mut error = Error::new(Code::InvalidArgument, reason::INVALID_FIELD, format!("the URL {why}"));
            error.metadata.insert("field".into(), "url".into());
            error
        };
        // `ws:` means the same server as `http:`, and `wss:` as `https:`.
        let websocket = url.strip_prefix("ws").filter(|rest| rest.starts_with("://") || rest.starts_with("s://"));
        let url = websocket.map_or_else(|| url.to_owned(), |rest| format!("http{rest}"));
        let uri: Uri = url.parse().map_err(|_| invalid("cannot be parsed: use the form http://localhost:8080"))?;
        let is_https = uri.scheme() == Some(&Scheme::HTTPS);
        if !is_https && uri.scheme() != Some(&Scheme::HTTP) {
            return Err(invalid("has none of the schemes http, https, ws and wss: use the form http://localhost:8080"));
        }
        if is_https && !cfg!(feature = "_rustls") {
            return Err(invalid(
                "is https, which this build does not support: enable the feature `tls` or `tls-webpki-roots` of wigwag-client",
            ));
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
            .map_err(|_| invalid("is not valid for HTTP/2: use the form http://localhost:8080"))?;
        #[cfg(feature = "_rustls")]
        if is_https {
            return self.secured(endpoint);
        }
        Ok(endpoint)
    }

    /// Configures TLS with the certificate authorities of this build and the one the application gave.
    #[cfg(feature = "_rustls")]
    fn secured(&self, endpoint: Endpoint) -> Result<Endpoint, Error> {
        use tonic::transport::{Certificate, ClientTlsConfig};

        let Some(pem) = &self.ca_certificate else {
            let known = ClientTlsConfig::new().with_enabled_roots();
            return endpoint.tls_config(known).map_err(|error| {
                let message = format!(
                    "no certificate authorities found on this machine ({}): install them, or give one with `ca_certificate`",
                    chain(&error)
                );
                Error::new(Code::FailedPrecondition, reason::INTERNAL, message)
            });
        };
        let given = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
        // A machine without certificate authorities, such as a container, uses only the given one.
        let both = endpoint.clone().tls_config(given.clone().with_enabled_roots());
        let is_certificate = pem.windows(PEM_MARK.len()).any(|bytes| bytes == PEM_MARK);
        both.or_else(|_| endpoint.tls_config(given)).ok().filter(|_| is_certificate).ok_or_else(|| {
            let message =
                "the certificate authority is not a PEM certificate: it must contain a line BEGIN CERTIFICATE";
            let mut error = Error::new(Code::InvalidArgument, reason::INVALID_FIELD, message);
            error.metadata.insert("field".into(), "ca_certificate".into());
            error
        })
    }

    /// Returns a client for unary calls to the same server.
    pub(crate) fn unary_calls(&self) -> UnaryCalls {
        UnaryCalls { home: self.home.clone(), connect: self.connect.clone() }
    }

    /// Returns the endpoint to connect to. A server may name another one, but not move a client from TLS to cleartext.
    fn target(&self, named: Option<&str>) -> Endpoint {
        let is_secure = |endpoint: &Endpoint| endpoint.uri().scheme() == Some(&Scheme::HTTPS);
        match named.map(|url| self.endpoint(url)) {
            None => self.home.clone(),
            Some(Ok(endpoint)) if is_secure(&endpoint) || !is_secure(&self.home) => endpoint,
            Some(_) => {
                tracing::warn!(
                    "ignored the endpoint in go_away: it is not a valid URL, or not https; using the configured one"
                );
                self.home.clone()
            }
        }
    }
}

impl Transport for GrpcTransport {
    type Frames = Frames;

    async fn connect(
        &mut self,
        endpoint: Option<&str>,
        outgoing: mpsc::Receiver<ClientFrame>,
    ) -> Result<Frames, ConnectionError> {
        let channel =
            (self.connect)(self.target(endpoint)).await.map_err(|error| ConnectionError::unreachable(chain(&error)))?;
        let mut client = SignalingServiceClient::new(channel).max_decoding_message_size(MAX_SERVER_FRAME);
        let frames = client
            .signal(ReceiverStream::new(outgoing))
            .await
            .map_err(|status| connection_error(&status))?
            .into_inner();
        Ok(Frames { frames, _client: client })
    }
}

/// Unary calls, each on a new connection: they are rare.
#[derive(Clone)]
pub(crate) struct UnaryCalls {
    home: Endpoint,
    connect: Connect,
}

impl UnaryCalls {
    /// Fetches STUN and TURN servers with fresh credentials.
    pub(crate) async fn ice_servers(&self, token: &str) -> Result<IceServers, Error> {
        let mut request = Request::new(GetIceServersRequest {});
        if !token.is_empty() {
            let bearer = format!("Bearer {token}").parse().map_err(|_| {
                Error::new(
                    Code::Unauthenticated,
                    "TOKEN_INVALID",
                    "the token contains characters that are not allowed in a header: use visible ASCII only",
                )
            })?;
            request.metadata_mut().insert("authorization", bearer);
        }
        let call = async {
            let channel = (self.connect)(self.home.clone())
                .await
                .map_err(|error| Error::new(Code::Unavailable, reason::UNREACHABLE, chain(&error)))?;
            let response = SignalingServiceClient::new(channel).get_ice_servers(request).await;
            response.map_err(|status| Error::from_status(&status))
        };
        let late = |_| Error::new(Code::DeadlineExceeded, reason::TIMEOUT, "the server did not answer within 10 s");
        let response = timeout(CALL_TIMEOUT, call).await.map_err(late)??.into_inner();
        Ok(IceServers::new(response.ice_servers, response.expires_at))
    }
}

// `Connect` is a closure, which has no debug output.
impl std::fmt::Debug for UnaryCalls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnaryCalls").field("home", self.home.uri()).finish_non_exhaustive()
    }
}

/// The frames from the server. Keeps the connection open until it is dropped.
pub(crate) struct Frames {
    frames: Streaming<ServerFrame>,
    _client: SignalingServiceClient<Channel>,
}

impl Stream for Frames {
    type Item = Result<ServerFrame, ConnectionError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let frame = Pin::new(&mut self.frames).poll_next(cx);
        frame.map(|frame| frame.map(|frame| frame.map_err(|status| connection_error(&status))))
    }
}

/// Name and version of this client, for the server's logs.
pub(crate) const CLIENT: &str = concat!("wigwag-rust/", env!("CARGO_PKG_VERSION"));

/// TCP with the operating system's resolver.
pub(crate) fn tcp() -> Connect {
    Arc::new(|endpoint| Box::pin(async move { endpoint.connect().await }))
}

/// Opens connections with a function of the application.
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

fn connection_error(status: &Status) -> ConnectionError {
    let mut error = Error::from_status(status);
    if error.reason != reason::UNREACHABLE {
        // The server ended the stream with one of its reasons. A fatal `error` frame may have said the same before.
        let frame = ErrorFrame { code: status.code().into(), reason: error.reason.to_string(), ..Default::default() };
        let by_frame = ConnectionError::fatal(frame).by_frame;
        return ConnectionError { error, advice: Advice::Unspecified, by_frame };
    }
    let is_network = status.source().is_some();
    if is_network {
        // Errors below the gRPC stream have many codes and one meaning.
        error.code = Code::Unavailable;
        error.retryable = true;
    }
    let by_frame = !is_network && matches!(error.code, Code::Internal | Code::OutOfRange | Code::ResourceExhausted);
    ConnectionError { error, advice: Advice::Unspecified, by_frame }
}

/// Formats an error with its causes: the outermost alone says only "transport error".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some layers repeat the text of their cause.
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

    fn transport(url: &str) -> Result<GrpcTransport, Error> {
        GrpcTransport::new(
            url,
            tcp(),
            #[cfg(feature = "_rustls")]
            None,
        )
    }

    #[test]
    fn urls_need_a_scheme_this_build_supports() {
        assert!(transport("http://localhost:8080").is_ok());
        for url in ["ws://localhost:8080", "http://localhost:8080/?region=eu", "http://localhost:8080#top"] {
            assert!(transport(url).is_ok(), "{url}");
        }
        assert_eq!(transport("wss://localhost").is_ok(), cfg!(feature = "_rustls"));
        for url in ["localhost:8080", "ftp://localhost", "", "http://", "wsx://localhost", "ws"] {
            let error = transport(url).err().unwrap_or_else(|| panic!("{url} is not a valid URL"));
            assert_eq!((error.reason.as_ref(), error.metadata["field"].as_str()), ("INVALID_FIELD", "url"));
        }
        assert_eq!(transport("https://localhost").is_ok(), cfg!(feature = "_rustls"));
    }

    #[test]
    fn a_server_may_name_another_endpoint_but_not_an_invalid_one() {
        let transport = transport("http://localhost:8080").expect("URL");
        assert_eq!(transport.target(Some("http://localhost:9090")).uri(), "http://localhost:9090/");
        assert_eq!(transport.target(Some("elsewhere")).uri(), "http://localhost:8080/");
        assert_eq!(transport.target(None).uri(), "http://localhost:8080/");
    }

    #[cfg(feature = "_rustls")]
    #[test]
    fn a_tls_client_is_not_moved_to_cleartext() {
        let transport = transport("https://localhost").expect("URL");
        assert_eq!(transport.target(Some("http://localhost:9090")).uri(), "https://localhost/");
    }
}
