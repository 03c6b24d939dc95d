//! Opens sessions.

use std::{future::Future, io, time::Duration};

use http::Uri;
use tokio::io::{AsyncRead, AsyncWrite};
use wigwag_proto::v1::{Feature, Hello};

use crate::{
    driver::Driver,
    error::Error,
    grpc::{self, GrpcTransport},
    sealing::{self, Seals},
    session::Session,
};

/// Default capacity of an event queue.
const EVENT_QUEUE: usize = 256;

/// The features of this client.
const FEATURES: &[Feature] = &[Feature::EnvelopeHints, Feature::RosterParts, Feature::TokenExpiring];

impl Session {
    /// Opens a session with the default options of [`builder`](Self::builder).
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::Session;
    ///
    /// let session = Session::connect("http://localhost:8080").await?;
    /// # let _ = session;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Builder::connect`].
    pub async fn connect(url: impl Into<String>) -> Result<Self, Error> {
        Self::builder(url).connect().await
    }

    /// Returns the options for a session with the server at `url`, for instance `http://localhost:8080`.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::Session;
    ///
    /// let session = Session::builder("http://localhost:8080").display_name("Ada").connect().await?;
    /// # let _ = session;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(url: impl Into<String>) -> Builder {
        Builder::new(url.into())
    }
}

/// Options for opening a session. Created by [`Session::builder`].
///
/// ```no_run
/// # async fn example() -> Result<(), wigwag_client::Error> {
/// use std::time::Duration;
/// use wigwag_client::Session;
///
/// let session = Session::builder("http://localhost:8080")
///     .display_name("Ada")
///     .metadata("device", "phone")
///     .grace(Duration::from_secs(120))
///     .connect()
///     .await?;
/// println!("I am {}", session.peer_id());
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until `connect` is called"]
pub struct Builder {
    url: String,
    hello: Hello,
    connect: grpc::Connect,
    event_queue: usize,
    secret: Option<sealing::Secret>,
    #[cfg(feature = "_rustls")]
    ca_certificate: Option<Vec<u8>>,
}

impl Builder {
    pub(crate) fn new(url: String) -> Self {
        let features = FEATURES.iter().map(|feature| feature.wire_name().to_owned()).collect();
        let hello = Hello { client: grpc::CLIENT.into(), resumable: true, features, ..Hello::default() };
        Self {
            url,
            hello,
            connect: grpc::tcp(),
            event_queue: EVENT_QUEUE,
            secret: None,
            #[cfg(feature = "_rustls")]
            ca_certificate: None,
        }
    }

    /// Sets the access token, if the server requires one. Default: none.
    ///
    /// ```no_run
    /// # async fn example(token: String) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::Session;
    ///
    /// let session = Session::builder("http://localhost:8080").token(token).connect().await?;
    /// # let _ = session;
    /// # Ok(())
    /// # }
    /// ```
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.hello.token = token.into();
        self
    }

    /// Sets the name shown to people, at most 128 bytes. A room may be joined under another one. Default: empty.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::Session;
    ///
    /// let session = Session::builder("http://localhost:8080").display_name("Ada").connect().await?;
    /// # let _ = session;
    /// # Ok(())
    /// # }
    /// ```
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.hello.display_name = name.into();
        self
    }

    /// Sets the user of this peer, at most 128 bytes. Only servers without authentication use it. Default: empty.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::Session;
    ///
    /// let session = Session::builder("http://localhost:8080").user_id("ada@example.com").connect().await?;
    /// # let _ = session;
    /// # Ok(())
    /// # }
    /// ```
    pub fn user_id(mut self, user_id: impl Into<String>) -> Self {
        self.hello.user_id = user_id.into();
        self
    }

    /// Adds a key-value pair to the metadata for rooms joined later, at most 4 KiB in total. Default: none.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::Session;
    ///
    /// let session = Session::builder("http://localhost:8080").metadata("device", "phone").connect().await?;
    /// # let _ = session;
    /// # Ok(())
    /// # }
    /// ```
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.hello.metadata.insert(key.into(), value.into());
        self
    }

    /// Sets how long the session survives without a connection, in whole milliseconds. The server limits it to its maximum
    /// (10 minutes by default). Default: the server's, 30 s.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), wigwag_client::Error> {
    /// use std::time::Duration;
    /// use wigwag_client::Session;
    ///
    /// let session = Session::builder("http://localhost:8080").grace(Duration::from_secs(300)).connect().await?;
    /// println!("granted: {:?}", session.grace());
    /// # Ok(())
    /// # }
    /// ```
    pub fn grace(mut self, grace: Duration) -> Self {
        self.hello.grace_ms = u32::try_from(grace.as_millis()).unwrap_or(u32::MAX);
        self
    }

    /// Ends an earlier session of the same app, identified by its [`session_token`](Session::session_token); the other members
    /// see it leave with the reason `REPLACED`. For an app that was restarted and lost its state. Default: none.
    ///
    /// ```no_run
    /// # async fn example(kept: String) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::Session;
    ///
    /// let session = Session::builder("http://localhost:8080").replaces(kept).connect().await?;
    /// let keep_for_next_time = session.session_token();
    /// # let _ = keep_for_next_time;
    /// # Ok(())
    /// # }
    /// ```
    pub fn replaces(mut self, session_token: impl Into<String>) -> Self {
        self.hello.replaces = session_token.into();
        self
    }

    /// Encrypts everything this session sends, in rooms and directly to peers, and decrypts everything it receives: see
    /// [`seal`](crate::seal). A room may be joined with [another secret](crate::JoinOptions::room_secret). With a
    /// passphrase, connecting and each join take a fraction of a second longer. Default: none.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::{Session, seal::RoomSecret};
    ///
    /// let secret = RoomSecret::passphrase("correct horse battery staple");
    /// let session = Session::builder("http://localhost:8080").room_secret(secret).connect().await?;
    /// # let _ = session;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "seal")]
    pub fn room_secret(mut self, secret: crate::seal::RoomSecret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// Sets the capacity of each event queue, at least 1. When a queue is full, the session waits. Default: 256.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::Session;
    ///
    /// // A bot that is busy for seconds at a time.
    /// let session = Session::builder("http://localhost:8080").event_queue(4_096).connect().await?;
    /// # let _ = session;
    /// # Ok(())
    /// # }
    /// ```
    pub fn event_queue(mut self, events: usize) -> Self {
        self.event_queue = events.max(1);
        self
    }

    /// Opens connections with a function of the application: through a proxy, or over a simulated network. TLS and HTTP/2
    /// run on top. Default: TCP with the operating system's resolver.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), wigwag_client::Error> {
    /// use tokio::net::TcpStream;
    /// use wigwag_client::Session;
    ///
    /// let session = Session::builder("http://signaling.internal")
    ///     .connector(|_uri| TcpStream::connect("127.0.0.1:8080"))
    ///     .connect()
    ///     .await?;
    /// # let _ = session;
    /// # Ok(())
    /// # }
    /// ```
    pub fn connector<F, C, T>(mut self, connect: F) -> Self
    where
        F: Fn(Uri) -> C + Clone + Send + Sync + 'static,
        C: Future<Output = io::Result<T>> + Send + 'static,
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        self.connect = grpc::custom(connect);
        self
    }

    /// Also trusts this certificate authority (PEM), for `https` URLs. With the feature `tls` those of the operating system
    /// are trusted, with `tls-webpki-roots` those of Mozilla. Default: no other.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use wigwag_client::Session;
    ///
    /// let authority = std::fs::read("ca.pem")?;
    /// let session = Session::builder("https://signal.internal").ca_certificate(authority).connect().await?;
    /// # let _ = session;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "_rustls")]
    pub fn ca_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_certificate = Some(pem.into());
        self
    }

    /// Opens the session, with one attempt of at most 10 s. From then on the client reconnects whenever the connection is
    /// lost.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::Session;
    ///
    /// match Session::builder("https://signal.example.com").connect().await {
    ///     Ok(session) => println!("connected as {}", session.peer_id()),
    ///     Err(error) if error.retryable => println!("not now: {error}"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `INVALID_FIELD` (the URL, the certificate authority), `UNREACHABLE` (also: the server's certificate is not
    /// trusted, or is for another name), `TIMEOUT`, and the server's reasons: `TOKEN_MISSING`, `TOKEN_INVALID`,
    /// `TOKEN_EXPIRED`, `FORBIDDEN`, `DRAINING`, `RATE_LIMITED`, `LIMIT_EXCEEDED`, `INVALID_FIELD`.
    pub async fn connect(self) -> Result<Session, Error> {
        let transport = GrpcTransport::new(
            &self.url,
            self.connect,
            #[cfg(feature = "_rustls")]
            self.ca_certificate,
        )?;
        let direct = sealing::derive(self.secret.as_ref(), "").await?;
        let calls = transport.unary_calls();
        let handle = Driver::start(transport, self.hello, self.event_queue, Seals::new(direct)).await?;
        Ok(Session::new(handle, calls, self.secret))
    }
}

// `hello` may contain a token.
impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("url", &self.url)
            .field("event_queue", &self.event_queue)
            .finish_non_exhaustive()
    }
}
