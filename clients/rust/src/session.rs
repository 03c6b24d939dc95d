//! A peer's stay with the server.

use std::time::{Duration, SystemTime};

use wigwag_proto::v1::{CreateRoom, Join, RefreshToken, client_frame::Body};

use crate::{
    builder::Builder,
    driver::{Handle, Reply, sealing},
    error::Error,
    event::{EnvelopeId, Events},
    grpc::Calls,
    member::PeerId,
    payload::Payload,
    receipt::PendingReceipt,
    room::Room,
    room_info::{JoinOptions, NewRoom},
    server_info::{IceServers, Limits},
};

/// A session with a signaling server. Clones are handles to the same one.
///
/// It outlives lost connections: the client comes back by itself, and within the grace period nothing is lost,
/// repeated or reordered, and nobody sees the peer leave. The session ends with [`close`](Self::close), when the last
/// handle (sessions and rooms) is dropped, or for a reason no retry can help; [`closed`](Self::closed) tells.
///
/// ```no_run
/// # async fn example() -> Result<(), wigwag_client::Error> {
/// use wigwag_client::{Event, Payload, Session};
///
/// let session = Session::connect("http://localhost:8080").await?;
/// let room = session.join("demo").await?;
/// for member in room.members() {
///     room.send(&member.peer_id, Payload::Text("hello".into())).await?;
/// }
/// let mut events = room.events();
/// while let Some(event) = events.next().await {
///     if let Event::Envelope { from: Some(from), payload: Payload::Text(text), .. } = event {
///         println!("{from} says {text}");
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Reading events
///
/// Each session and each room has one bounded queue of events (256 by default). What is on it counts as received, and
/// when one is full the whole session waits, down to the network: requests, receipts and other rooms too. So read
/// [`events`](Self::events) of the session and of each room, or say [`Room::ignore_events`].
#[derive(Debug, Clone)]
pub struct Session {
    handle: Handle,
    calls: Calls,
    /// Seals the rooms joined without a secret of their own.
    secret: Option<sealing::Secret>,
}

/// Whether a session has a connection.
///
/// ```no_run
/// # fn example(session: wigwag_client::Session) {
/// use wigwag_client::SessionState;
///
/// let light = match session.state() {
///     SessionState::Online => "green",
///     SessionState::Reconnecting => "yellow",
///     _ => "red",
/// };
/// println!("{light}");
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionState {
    /// Connected.
    Online,
    /// The connection was lost; the client is coming back. What is sent now goes out then.
    Reconnecting,
    /// Over.
    Closed,
}

impl Session {
    pub(crate) fn new(handle: Handle, calls: Calls, secret: Option<sealing::Secret>) -> Self {
        Self { handle, calls, secret }
    }

    /// Opens a session with the defaults of [`builder`](Self::builder).
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

    /// Says how to open a session with the server at `url`, for instance `http://localhost:8080`.
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

    /// This peer's id. Changes only when the session is reset.
    ///
    /// ```no_run
    /// # fn example(session: wigwag_client::Session) {
    /// println!("I am {}", session.peer_id());
    /// # }
    /// ```
    #[must_use]
    pub fn peer_id(&self) -> PeerId {
        self.handle.facts().peer_id.clone()
    }

    /// Secret that names this session. An app that starts again gives it to [`Builder::replaces`], so that its former
    /// self leaves at once. Changes when the session is reset. Never log it, and keep it where only this app reads.
    ///
    /// ```no_run
    /// # fn example(session: wigwag_client::Session, kept: &std::path::Path) -> std::io::Result<()> {
    /// std::fs::write(kept, session.session_token())?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn session_token(&self) -> String {
        self.handle.facts().session_token.clone()
    }

    /// STUN and TURN servers for this peer. Fresh ones come before the credentials expire.
    ///
    /// ```no_run
    /// # fn example(session: wigwag_client::Session) {
    /// let urls: Vec<String> = session.ice_servers().servers.into_iter().flat_map(|server| server.urls).collect();
    /// println!("{urls:?}");
    /// # }
    /// ```
    #[must_use]
    pub fn ice_servers(&self) -> IceServers {
        self.handle.facts().ice_servers.clone()
    }

    /// Asks the server for STUN and TURN servers with fresh credentials, by a call of its own beside the session. For a
    /// connection that is opened or restarted late: [`ice_servers`](Self::ice_servers) is what the server sent by itself.
    ///
    /// ```no_run
    /// # async fn example(session: wigwag_client::Session) -> Result<(), wigwag_client::Error> {
    /// for server in session.fetch_ice_servers().await?.servers {
    ///     println!("{:?}", server.urls);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `UNREACHABLE`, `TIMEOUT`, `TOKEN_MISSING`, `TOKEN_INVALID`, `TOKEN_EXPIRED`, `FORBIDDEN`, `RATE_LIMITED`.
    pub async fn fetch_ice_servers(&self) -> Result<IceServers, Error> {
        let token = self.handle.facts().token.clone();
        self.calls.ice_servers(&token).await
    }

    /// What the server accepts.
    ///
    /// ```no_run
    /// # fn example(session: wigwag_client::Session) {
    /// println!("envelopes of up to {} bytes", session.limits().max_frame_bytes);
    /// # }
    /// ```
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.handle.facts().limits
    }

    /// How long the session may be without a connection, as the server granted it.
    ///
    /// ```no_run
    /// # fn example(session: wigwag_client::Session) {
    /// println!("{} seconds to come back", session.grace().as_secs());
    /// # }
    /// ```
    #[must_use]
    pub fn grace(&self) -> Duration {
        self.handle.facts().grace
    }

    /// Whether the session has a connection at this moment.
    ///
    /// ```no_run
    /// # fn example(session: wigwag_client::Session) {
    /// use wigwag_client::SessionState;
    ///
    /// if session.state() == SessionState::Reconnecting {
    ///     println!("what is sent now goes out later");
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn state(&self) -> SessionState {
        self.handle.facts().state
    }

    /// Joins a room. Joining a room again gives the same seat.
    ///
    /// Dropping the future gives up the seat if it is obtained all the same.
    ///
    /// ```no_run
    /// # async fn example(session: wigwag_client::Session) -> Result<(), wigwag_client::Error> {
    /// let room = session.join("demo").await?;
    /// println!("{} others are here", room.found().len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `INVALID_FIELD`, `ROOM_NOT_FOUND`, `ROOM_FULL`, `USER_TAKEN`, `BANNED`, `FORBIDDEN`, `LIMIT_EXCEEDED`; and, as
    /// for every request, `RESET` and `CLOSED`.
    pub async fn join(&self, room: impl Into<String>) -> Result<Room, Error> {
        self.join_with(room, JoinOptions::default()).await
    }

    /// Joins a room under another name or with other metadata than the session's.
    ///
    /// ```no_run
    /// # async fn example(session: wigwag_client::Session) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::JoinOptions;
    ///
    /// let room = session.join_with("demo", JoinOptions::default().display_name("The host")).await?;
    /// # let _ = room;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`join`](Self::join).
    pub async fn join_with(&self, room: impl Into<String>, options: JoinOptions) -> Result<Room, Error> {
        let JoinOptions { display_name, metadata, secret } = options;
        let room = room.into();
        let keys = sealing::derive(secret.as_ref().or(self.secret.as_ref()), &room).await?;
        self.take_seat(Body::Join(Join { room, display_name, metadata }), keys).await
    }

    /// Creates a room, joins it and becomes its owner.
    ///
    /// ```no_run
    /// # async fn example(session: wigwag_client::Session) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::NewRoom;
    ///
    /// let room = session.create_room(NewRoom::unnamed().max_members(2)).await?;
    /// println!("invite somebody to {}", room.name());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `INVALID_FIELD`, `ROOM_EXISTS`, `FORBIDDEN`, `LIMIT_EXCEEDED`; and, as for every request, `RESET` and `CLOSED`.
    pub async fn create_room(&self, mut room: NewRoom) -> Result<Room, Error> {
        let secret = room.secret.take().or_else(|| self.secret.clone());
        if secret.is_some() && room.name.is_empty() {
            room.name = sealing::room_name()?;
        }
        let keys = sealing::derive(secret.as_ref(), &room.name).await?;
        self.take_seat(Body::CreateRoom(CreateRoom::from(room)), keys).await
    }

    async fn take_seat(&self, body: Body, keys: Option<sealing::Keys>) -> Result<Room, Error> {
        let seat = self.handle.request_sealed(body, Reply::Seat, keys).await?;
        Ok(Room::new(seat, self.handle.clone()))
    }

    /// Sends to a peer without a room. Servers with authentication refuse that by default.
    ///
    /// ```no_run
    /// # async fn example(session: wigwag_client::Session, peer: wigwag_client::PeerId) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::Payload;
    ///
    /// session.send(&peer, Payload::Text("psst".into())).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Room::send`].
    pub async fn send(&self, to: &PeerId, payload: impl Into<Payload>) -> Result<EnvelopeId, Error> {
        self.handle.send(None, Some(to), payload.into()).await
    }

    /// Sends to a peer without a room and asks what became of it.
    ///
    /// ```no_run
    /// # async fn example(session: wigwag_client::Session, peer: wigwag_client::PeerId) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::{Outcome, Payload};
    ///
    /// let receipt = session.send_with_receipt(&peer, Payload::Text("psst".into())).await?;
    /// assert_eq!(receipt.await?.outcome, Outcome::Delivered);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Room::send_with_receipt`].
    pub async fn send_with_receipt(&self, to: &PeerId, payload: impl Into<Payload>) -> Result<PendingReceipt, Error> {
        self.handle.send_with_receipt(None, to, payload.into()).await
    }

    /// Replaces the token before it expires; the new one is of the same subject. Returns when it expires.
    ///
    /// ```no_run
    /// # async fn example(session: wigwag_client::Session, token: String) -> Result<(), wigwag_client::Error> {
    /// let expires_at = session.refresh_token(token).await?;
    /// println!("good until {expires_at:?}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `TOKEN_INVALID`, `TOKEN_EXPIRED`, `FORBIDDEN`, `UNIMPLEMENTED`; and `RESET` and `CLOSED`.
    pub async fn refresh_token(&self, token: impl Into<String>) -> Result<Option<SystemTime>, Error> {
        self.handle.request(Body::Refresh(RefreshToken { token: token.into() }), Reply::Refreshed).await
    }

    /// What happens to the session as a whole: direct envelopes, new ICE servers, the connection's ups and downs.
    ///
    /// ```no_run
    /// # async fn example(session: wigwag_client::Session) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::Event;
    ///
    /// let mut events = session.events();
    /// while let Some(event) = events.next().await {
    ///     match event {
    ///         Event::Reconnecting => println!("the connection was lost"),
    ///         Event::Resumed => println!("back, and nothing is lost"),
    ///         Event::Reset { reason, .. } => println!("all rooms are to be joined again: {reason}"),
    ///         Event::Closed(why) => println!("over: {why:?}"),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn events(&self) -> Events {
        self.handle.events()
    }

    /// Ends the session: its rooms are left, and what was sent before goes out first. Takes 3 s at most; a server
    /// that cannot be reached in that time sees the session end by itself after its grace period.
    ///
    /// ```no_run
    /// # async fn example(session: wigwag_client::Session) -> Result<(), wigwag_client::Error> {
    /// session.close().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(&self) {
        self.handle.close().await;
    }

    /// Waits until the session has ended, and tells why when the application did not close it.
    ///
    /// ```no_run
    /// # async fn example(session: wigwag_client::Session) -> Result<(), wigwag_client::Error> {
    /// if let Some(why) = session.closed().await {
    ///     println!("the session is over: {why}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn closed(&self) -> Option<Error> {
        self.handle.closed().await
    }
}
