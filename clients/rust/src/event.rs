//! Events of a session and its rooms, and their streams.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::SystemTime,
};

use futures_core::Stream;

use crate::{
    error::Error,
    member::{Member, PeerId},
    payload::Payload,
    room_info::RoomInfo,
    server_info::IceServers,
};

/// Something that happened to a session or a room.
///
/// ```no_run
/// # async fn example(room: wigwag_client::Room) -> Result<(), wigwag_client::Error> {
/// use wigwag_client::Event;
///
/// let mut events = room.events();
/// while let Some(event) = events.next().await {
///     match event {
///         Event::MemberJoined { member, .. } => println!("{} joined", member.display_name),
///         Event::MemberLeft { peer_id, reason, .. } => println!("{peer_id} left: {reason:?}"),
///         Event::Envelope { from: Some(from), payload, .. } => println!("{from}: {payload:?}"),
///         Event::Undeliverable { to, reason, .. } => println!("not delivered to {to}: {reason}"),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A signal arrived.
    Envelope {
        /// The room it was sent in; `None` for a direct one.
        room: Option<Arc<str>>,
        /// The sender, as the server reports it; `None` for a backend.
        from: Option<PeerId>,
        /// Its content.
        payload: Payload,
    },
    /// A peer joined. Reported once, before its first envelope.
    MemberJoined {
        /// Room name.
        room: Arc<str>,
        /// The new member.
        member: Member,
    },
    /// A member's name, metadata, role or presence changed. The member may be this session.
    MemberUpdated {
        /// Room name.
        room: Arc<str>,
        /// The member as it is now.
        member: Member,
    },
    /// A peer is no longer a member. Reported once for each join.
    MemberLeft {
        /// Room name.
        room: Arc<str>,
        /// The peer that left.
        peer_id: PeerId,
        /// Why, as the API names it (`LEFT`, `CONNECTION_LOST`, …). `None` when it left while this session had no
        /// connection.
        reason: Option<String>,
    },
    /// The room's settings or its owner changed.
    RoomUpdated {
        /// Room name.
        room: Arc<str>,
        /// The room as it is now.
        info: RoomInfo,
    },
    /// This session is no longer a member of the room. Always the last event of a room.
    Left {
        /// Room name.
        room: Arc<str>,
        /// `LEFT`, `REMOVED`, `BANNED`, `REPLACED`, `FORBIDDEN` or `ENDED`; the reason of the reset, or of the end of the
        /// session, if that ended the membership.
        reason: String,
    },
    /// An accepted envelope was not delivered, or its delivery could not be confirmed. Only for envelopes sent without a
    /// receipt.
    Undeliverable {
        /// Which envelope.
        id: EnvelopeId,
        /// The room it was sent in; `None` for a direct one.
        room: Option<Arc<str>>,
        /// The recipient.
        to: PeerId,
        /// Why, as the API names it (`MAILBOX_FULL`, `EXPIRED`, …).
        reason: String,
    },
    /// The server refused an envelope. Only for envelopes sent without a receipt.
    SendFailed {
        /// Which envelope.
        id: EnvelopeId,
        /// The room it was sent in; `None` for a direct one.
        room: Option<Arc<str>>,
        /// Why.
        error: Error,
    },
    /// An envelope could not be opened, in a room with a secret or, if the session has a secret, without a room. It is not
    /// authentic, so the event does not contain its content.
    Unopened {
        /// The room it was sent in; `None` for a direct one.
        room: Option<Arc<str>>,
        /// The sender, as the server reports it; `None` for a backend.
        from: Option<PeerId>,
        /// Why: `WRONG_KEY`, `NOT_SEALED`, `SEAL_BROKEN`, `REPLAYED` or `SEAL_UNKNOWN`.
        error: Error,
    },
    /// New ICE servers, before the old ones expire. Session stream only.
    IceServers(IceServers),
    /// The token expires soon: call [`Session::refresh_token`](crate::Session::refresh_token), or the connection ends then.
    TokenExpiring {
        /// When it expires.
        expires_at: Option<SystemTime>,
    },
    /// The connection was lost and the client is reconnecting. Session stream only.
    Reconnecting,
    /// The session was resumed; nothing was lost. Session stream only.
    Resumed,
    /// The session was lost and replaced by a new, empty one: join the rooms again. Session stream only.
    Reset {
        /// Why, as the API names it (`EXPIRED`, `UNKNOWN_SESSION`, …).
        reason: String,
        /// The new session's peer id.
        peer_id: PeerId,
    },
    /// The session ended for good. Always the last event of a session.
    Closed(
        /// Why; `None` if the application closed it.
        Option<Error>,
    ),
}

/// Identifies an envelope this session sent, until the session is reset.
///
/// ```no_run
/// # async fn example(room: wigwag_client::Room) -> Result<(), wigwag_client::Error> {
/// use wigwag_client::{Event, Payload};
///
/// let id = room.broadcast(Payload::Text("hello".into())).await?;
/// let mut events = room.events();
/// while let Some(event) = events.next().await {
///     if let Event::SendFailed { id: failed, error, .. } = event
///         && failed == id
///     {
///         println!("the greeting was refused: {error}");
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvelopeId(pub(crate) u32);

impl fmt::Display for EnvelopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A stream of events, in order. Ends after [`Event::Left`] (a room's) or [`Event::Closed`] (a session's).
///
/// The streams of one session or room share one queue: each event goes to only one of them.
///
/// ```no_run
/// # async fn example(room: wigwag_client::Room) -> Result<(), wigwag_client::Error> {
/// use wigwag_client::Event;
///
/// let mut events = room.events();
/// tokio::spawn(async move {
///     while let Some(event) = events.next().await {
///         if let Event::Left { reason, .. } = event {
///             println!("no longer in the room: {reason}");
///         }
///     }
/// });
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Events {
    // Pinned and boxed: as a stream, the receiver registers itself as a waiting reader.
    queue: Pin<Box<async_channel::Receiver<Event>>>,
}

impl Events {
    pub(crate) fn new(queue: async_channel::Receiver<Event>) -> Self {
        Self { queue: Box::pin(queue) }
    }

    /// Returns the next event; `None` after the last one. Cancel safe.
    ///
    /// ```no_run
    /// # async fn example(room: wigwag_client::Room) -> Result<(), wigwag_client::Error> {
    /// let mut events = room.events();
    /// tokio::select! {
    ///     event = events.next() => println!("{event:?}"),
    ///     () = tokio::time::sleep(std::time::Duration::from_secs(5)) => println!("no event yet; none is lost"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<Event> {
        self.queue.recv().await.ok()
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.queue.as_mut().poll_next(cx)
    }
}
