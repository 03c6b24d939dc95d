//! What happens to a session and its rooms, and the streams that tell it.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_core::Stream;

use crate::{
    error::Error,
    member::{Member, PeerId},
    payload::Payload,
    room_info::RoomInfo,
    server_info::IceServers,
};

/// One thing that happened.
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
///         Event::Undeliverable { to, reason, .. } => println!("{to} was not reached: {reason}"),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A signal came.
    Envelope {
        /// The room it was sent in; `None` for a direct one.
        room: Option<Arc<str>>,
        /// Who sent it, in the server's words; `None` for a backend.
        from: Option<PeerId>,
        /// What it says.
        payload: Payload,
    },
    /// A peer joined. Told once, and before its first envelope.
    MemberJoined {
        /// Room name.
        room: Arc<str>,
        /// The new member.
        member: Member,
    },
    /// A member's name, metadata, role or presence changed; also one's own.
    MemberUpdated {
        /// Room name.
        room: Arc<str>,
        /// The member as it is now.
        member: Member,
    },
    /// A peer is no longer a member. Told once for each join.
    MemberLeft {
        /// Room name.
        room: Arc<str>,
        /// Who left.
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
    /// This session's seat in the room is gone. Always the last event of a room.
    Left {
        /// Room name.
        room: Arc<str>,
        /// `LEFT`, `REMOVED`, `BANNED`, `REPLACED`, `FORBIDDEN`, `ENDED`; after a reset its reason; when the session
        /// ended the reason of that.
        reason: String,
    },
    /// An accepted envelope was not delivered, or may have been without a word about it. Only told of envelopes for
    /// which no receipt was asked.
    Undeliverable {
        /// Which envelope.
        id: EnvelopeId,
        /// The room it was sent in; `None` for a direct one.
        room: Option<Arc<str>>,
        /// For whom it was.
        to: PeerId,
        /// Why, as the API names it (`MAILBOX_FULL`, `EXPIRED`, …).
        reason: String,
    },
    /// An envelope was not accepted. Only told of envelopes for which no receipt was asked.
    SendFailed {
        /// Which envelope.
        id: EnvelopeId,
        /// The room it was sent in; `None` for a direct one.
        room: Option<Arc<str>>,
        /// Why.
        error: Error,
    },
    /// An envelope came that cannot be opened, in a room with a secret or, with a secret of the whole session, without
    /// a room. It is not to be trusted, so its content is not here.
    Unopened {
        /// The room it was sent in; `None` for a direct one.
        room: Option<Arc<str>>,
        /// Who sent it, in the server's words; `None` for a backend.
        from: Option<PeerId>,
        /// Why: `WRONG_KEY`, `NOT_SEALED`, `SEAL_BROKEN`, `REPLAYED` or `SEAL_UNKNOWN`.
        error: Error,
    },
    /// New ICE servers, before the old ones expire. Session stream only.
    IceServers(IceServers),
    /// The connection was lost; the session is coming back by itself. Session stream only.
    Reconnecting,
    /// The session goes on: nothing was lost. Session stream only.
    Resumed,
    /// The session was lost and a new, empty one opened: rooms must be joined again. Session stream only.
    Reset {
        /// Why, as the API names it (`EXPIRED`, `UNKNOWN_SESSION`, …).
        reason: String,
        /// The new session's peer id.
        peer_id: PeerId,
    },
    /// The session ended and does not come back. Always the last event of a session.
    Closed(
        /// Why; `None` when this application closed it.
        Option<Error>,
    ),
}

/// Names an envelope this session sent, until the session is reset.
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
///         println!("the greeting did not go out: {error}");
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
/// Streams taken from the same session or room share one queue: each event goes to one of them.
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
    // Pinned and boxed, since the receiver as a stream holds its place in the line of waiting readers.
    queue: Pin<Box<async_channel::Receiver<Event>>>,
}

impl Events {
    pub(crate) fn new(queue: async_channel::Receiver<Event>) -> Self {
        Self { queue: Box::pin(queue) }
    }

    /// The next event; `None` after the last one. Safe to cancel.
    ///
    /// ```no_run
    /// # async fn example(room: wigwag_client::Room) -> Result<(), wigwag_client::Error> {
    /// let mut events = room.events();
    /// tokio::select! {
    ///     event = events.next() => println!("{event:?}"),
    ///     () = tokio::time::sleep(std::time::Duration::from_secs(5)) => println!("nothing happened, and nothing is lost"),
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
