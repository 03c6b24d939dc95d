//! A handle to a session.

use std::time::{Duration, SystemTime};

use wigwag_proto::v1::{CreateRoom, Join, RefreshToken, client_frame::Body};

use crate::{
    driver::{Handle, Reply},
    error::Error,
    event::{EnvelopeId, Events},
    grpc::UnaryCalls,
    member::PeerId,
    payload::Payload,
    receipt::PendingReceipt,
    room::Room,
    room_info::{JoinOptions, NewRoom},
    sealing,
    server_info::{IceServers, Limits},
    session_state::SessionState,
};

/// A session with a signaling server. Clones are handles to the same one.
///
/// It survives lost connections: the client reconnects, and within the grace period nothing is lost, repeated or reordered,
/// and the other peers do not see the peer leave. The session ends with [`close`](Self::close), when the last handle
/// (sessions and rooms) is dropped, or for a reason that a retry cannot fix; [`closed`](Self::closed) returns it.
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
/// Each session and each room has one bounded queue of events (256 by default). An event in the queue counts as received.
/// When one queue is full, the whole session stops reading from the network: requests, receipts and other rooms wait too.
/// So read the [`events`](Self::events) of the session and of each room, or call [`Room::ignore_events`].
#[derive(Debug, Clone)]
pub struct Session {
    handle: Handle,
    calls: UnaryCalls,
    /// Seals the rooms that are joined without another secret.
    secret: Option<sealing::Secret>,
}

impl Session {
    pub(crate) fn new(handle: Handle, calls: UnaryCalls, secret: Option<sealing::Secret>) -> Self {
        Self { handle, calls, secret }
    }

    /// Returns this peer's id. It changes only when the session is reset.
    ///
    /// ```no_run
    /// # fn example(session: wigwag_client::Session) {
    /// println!("I am {}", session.peer_id());
    /// # }
    /// ```
    #[must_use]
    pub fn peer_id(&self) -> PeerId {
        self.handle.snapshot().peer_id.clone()
    }

    /// Returns the secret that identifies this session. An app that restarts passes it to
    /// [`Builder::replaces`](crate::Builder::replaces), so that its old session ends at once. It changes when the session is
    /// reset. Never log it, and store it where only this app can read it.
    ///
    /// ```no_run
    /// # fn example(session: wigwag_client::Session, kept: &std::path::Path) -> std::io::Result<()> {
    /// std::fs::write(kept, session.session_token())?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn session_token(&self) -> String {
        self.handle.snapshot().session_token.clone()
    }

    /// Returns STUN and TURN servers for this peer. The server sends fresh ones before the credentials expire.
    ///
    /// ```no_run
    /// # fn example(session: wigwag_client::Session) {
    /// let urls: Vec<String> = session.ice_servers().servers.into_iter().flat_map(|server| server.urls).collect();
    /// println!("{urls:?}");
    /// # }
    /// ```
    #[must_use]
    pub fn ice_servers(&self) -> IceServers {
        self.handle.snapshot().ice_servers.clone()
    }

    /// Fetches STUN and TURN servers with fresh credentials, in a separate call to the server. For a peer connection that is
    /// opened or restarted late; [`ice_servers`](Self::ice_servers) returns what the server sent last.
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
        let token = self.handle.snapshot().token.clone();
        self.calls.ice_servers(&token).await
    }

    /// Returns the server's limits.
    ///
    /// ```no_run
    /// # fn example(session: wigwag_client::Session) {
    /// println!("envelopes of up to {} bytes", session.limits().max_frame_bytes);
    /// # }
    /// ```
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.handle.snapshot().limits
    }

    /// Returns the names of the features that the server supports, as listed in `wigwag/v1/feature.proto`: those of the last
    /// connection. Empty for a server of version 0.1.0.
    ///
    /// ```no_run
    /// # fn example(session: wigwag_client::Session) {
    /// if !session.server_features().iter().any(|name| name == "envelope_hints") {
    ///     println!("the server is older than 0.2.0");
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn server_features(&self) -> Vec<String> {
        self.handle.snapshot().features.clone()
    }

    /// Returns how long the session survives without a connection, as the server granted it.
    ///
    /// ```no_run
    /// # fn example(session: wigwag_client::Session) {
    /// println!("{} seconds to reconnect", session.grace().as_secs());
    /// # }
    /// ```
    #[must_use]
    pub fn grace(&self) -> Duration {
        self.handle.snapshot().grace
    }

    /// Returns whether the session has a connection.
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
        self.handle.snapshot().state
    }

    /// Joins a room. Joining a room again returns the same membership.
    ///
    /// If the future is dropped and the join succeeds nevertheless, the client leaves the room again, unless another call
    /// has joined it or waits for its answer: a join may be given up, by a time-out for instance, and repeated at once.
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
        self.enter(Body::Join(Join { room, display_name, metadata }), keys).await
    }

    /// Creates a room, joins it and becomes its owner.
    ///
    /// ```no_run
    /// # async fn example(session: wigwag_client::Session) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::NewRoom;
    ///
    /// let room = session.create_room(NewRoom::unnamed().max_members(2)).await?;
    /// println!("invite others to {}", room.name());
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
        self.enter(Body::CreateRoom(CreateRoom::from(room)), keys).await
    }

    async fn enter(&self, body: Body, keys: Option<sealing::Keys>) -> Result<Room, Error> {
        let name = match &body {
            Body::Join(join) => join.room.clone(),
            Body::CreateRoom(create) => create.room.clone(),
            _ => String::new(),
        };
        let reply = |responder| Reply::Joined(responder, name);
        let membership = self.handle.request_sealed(body, reply, keys).await?;
        membership.claim.take();
        Ok(Room::new(membership, self.handle.clone()))
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

    /// Sends to a peer without a room and asks for a receipt.
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

    /// Replaces the token before it expires, by one of the same subject. Returns when the new one expires.
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

    /// Returns the events of the session as a whole: direct envelopes, new ICE servers, changes of the connection.
    ///
    /// ```no_run
    /// # async fn example(session: wigwag_client::Session) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::Event;
    ///
    /// let mut events = session.events();
    /// while let Some(event) = events.next().await {
    ///     match event {
    ///         Event::Reconnecting => println!("the connection was lost"),
    ///         Event::Resumed => println!("reconnected, and nothing was lost"),
    ///         Event::Reset { reason, .. } => println!("join all rooms again: {reason}"),
    ///         Event::Closed(why) => println!("the session ended: {why:?}"),
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

    /// Ends the session: sends what is queued, then leaves all rooms. Takes at most 3 s; if the server cannot be reached in
    /// that time, it ends the session after the grace period.
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

    /// Waits until the session has ended. Returns why, unless the application closed it.
    ///
    /// ```no_run
    /// # async fn example(session: wigwag_client::Session) -> Result<(), wigwag_client::Error> {
    /// if let Some(why) = session.closed().await {
    ///     println!("the session ended: {why}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn closed(&self) -> Option<Error> {
        self.handle.closed().await
    }
}
