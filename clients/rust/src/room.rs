//! A room this session is in.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::watch;
use wigwag_proto::v1::{EndRoom, Leave, RemoveMember, UpdateMember, client_frame::Body};

use crate::{
    core::roster::Roster,
    driver::{Handle, Reply},
    error::Error,
    event::{EnvelopeId, Event, Events},
    member::{Member, PeerId},
    payload::Payload,
    receipt::PendingReceipt,
    room_info::RoomInfo,
};

/// A seat in a room. Clones are handles to the same seat.
///
/// The session stays a member when all of them are dropped: to leave, say [`leave`](Self::leave).
///
/// ```no_run
/// # async fn example(session: wigwag_client::Session) -> Result<(), wigwag_client::Error> {
/// use wigwag_client::{Event, Payload, SessionDescription};
///
/// let room = session.join("demo").await?;
/// let mut events = room.events();
/// // Whoever finds the other in the room makes the first offer.
/// for member in room.found() {
///     room.send(&member.peer_id, SessionDescription::offer("v=0\r\n…")).await?;
/// }
/// while let Some(event) = events.next().await {
///     match event {
///         Event::Envelope { from: Some(from), payload: Payload::Description(offer), .. } => {
///             println!("{from} sent an {}", offer.kind.as_str());
///             room.send(&from, SessionDescription::answer("v=0\r\n…")).await?;
///         }
///         Event::MemberLeft { peer_id, .. } => println!("{peer_id} left"),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Room {
    seat: Seat,
    handle: Handle,
}

impl Room {
    pub(crate) fn new(seat: Seat, handle: Handle) -> Self {
        Self { seat, handle }
    }

    /// The room's name.
    ///
    /// ```no_run
    /// # fn example(room: wigwag_client::Room) {
    /// println!("in {}", room.name());
    /// # }
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.seat.name
    }

    /// Whether joining made the room.
    ///
    /// ```no_run
    /// # fn example(room: wigwag_client::Room) {
    /// if room.was_created() {
    ///     println!("nobody was here before");
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn was_created(&self) -> bool {
        self.seat.created
    }

    /// The room's settings as last heard.
    ///
    /// ```no_run
    /// # fn example(room: wigwag_client::Room) {
    /// let info = room.info();
    /// println!("{} of {} members", info.member_count, info.max_members);
    /// # }
    /// ```
    #[must_use]
    pub fn info(&self) -> RoomInfo {
        self.seat.roster.borrow().info.clone()
    }

    /// This session's own entry.
    ///
    /// ```no_run
    /// # fn example(room: wigwag_client::Room) {
    /// if let Some(me) = room.me() {
    ///     println!("known here as {}", me.display_name);
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn me(&self) -> Option<Member> {
        self.seat.roster.borrow().me.clone()
    }

    /// The members that were there when this session joined, in the order in which they joined. Who comes later is told
    /// by [`Event::MemberJoined`]. Whoever finds another member here makes the first offer: that way two peers
    /// never both do.
    ///
    /// ```no_run
    /// # async fn example(room: wigwag_client::Room) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::SessionDescription;
    ///
    /// for member in room.found() {
    ///     room.send(&member.peer_id, SessionDescription::offer("v=0\r\n…")).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn found(&self) -> &[Member] {
        &self.seat.found
    }

    /// The other members as last heard, in the order in which they joined. May be ahead of the events that were read.
    ///
    /// ```no_run
    /// # fn example(room: wigwag_client::Room) {
    /// let names: Vec<String> = room.members().into_iter().map(|member| member.display_name).collect();
    /// println!("with {}", names.join(", "));
    /// # }
    /// ```
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        self.seat.roster.borrow().members.clone()
    }

    /// Sends to one member. Returns when the envelope has its place in the order: it then goes out, over this
    /// connection or the next. Waits while 1,024 envelopes or 1 MiB are unacknowledged.
    ///
    /// A failure later on is told by [`Event::SendFailed`] (`PEER_NOT_FOUND`, …) or [`Event::Undeliverable`].
    /// Dropping the future before it is done may or may not send the envelope.
    ///
    /// ```no_run
    /// # async fn example(room: wigwag_client::Room, peer: wigwag_client::PeerId) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::{IceCandidate, Payload};
    ///
    /// room.send(&peer, Payload::Text("hello".into())).await?;
    /// room.send(&peer, IceCandidate::end_of_candidates()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `NOT_JOINED`, `FRAME_TOO_LARGE`, `CLOSED`, or the reason for which the session ended.
    pub async fn send(&self, to: &PeerId, payload: impl Into<Payload>) -> Result<EnvelopeId, Error> {
        self.handle.send(Some(self.seat.name.clone()), Some(to), payload.into()).await
    }

    /// As [`send`](Self::send), and what it returns resolves with what became of the envelope.
    ///
    /// ```no_run
    /// # async fn example(room: wigwag_client::Room, peer: wigwag_client::PeerId) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::{Outcome, Payload};
    ///
    /// let receipt = room.send_with_receipt(&peer, Payload::Text("are you there?".into())).await?;
    /// if receipt.await?.outcome == Outcome::Delivered {
    ///     println!("it is");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and `LIMIT_EXCEEDED` while 16,384 receipts are awaited.
    pub async fn send_with_receipt(&self, to: &PeerId, payload: impl Into<Payload>) -> Result<PendingReceipt, Error> {
        self.handle.send_with_receipt(Some(self.seat.name.clone()), to, payload.into()).await
    }

    /// Sends to all other members of the moment at which the server accepts it.
    ///
    /// ```no_run
    /// # async fn example(room: wigwag_client::Room) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::Payload;
    ///
    /// room.broadcast(Payload::Text("hello everybody".into())).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn broadcast(&self, payload: impl Into<Payload>) -> Result<EnvelopeId, Error> {
        self.handle.send(Some(self.seat.name.clone()), None, payload.into()).await
    }

    /// Changes this session's entry: the name when one is given; `metadata` is merged, an empty value deletes its key.
    ///
    /// ```no_run
    /// # async fn example(room: wigwag_client::Room) -> Result<(), wigwag_client::Error> {
    /// use std::collections::HashMap;
    ///
    /// let muted = HashMap::from([("muted".to_owned(), "yes".to_owned()), ("hand".to_owned(), String::new())]);
    /// room.update_me(Some("Ada (away)"), muted).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `NOT_JOINED`, `INVALID_FIELD`; and `RESET` and `CLOSED`.
    pub async fn update_me(&self, display_name: Option<&str>, metadata: HashMap<String, String>) -> Result<(), Error> {
        let update = UpdateMember { room: self.room(), display_name: display_name.map(str::to_owned), metadata };
        self.handle.request(Body::UpdateMember(update.clone()), |answer| Reply::Updated(answer, update)).await
    }

    /// Takes a member's seat away. Owners only.
    ///
    /// ```no_run
    /// # async fn example(room: wigwag_client::Room, peer: wigwag_client::PeerId) -> Result<(), wigwag_client::Error> {
    /// room.remove(&peer).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `NOT_JOINED`, `FORBIDDEN`, `PEER_NOT_FOUND`; and `RESET` and `CLOSED`.
    pub async fn remove(&self, peer: &PeerId) -> Result<(), Error> {
        self.take_away(peer, false).await
    }

    /// Takes a member's seat away until the room ends. Owners only.
    ///
    /// ```no_run
    /// # async fn example(room: wigwag_client::Room, peer: wigwag_client::PeerId) -> Result<(), wigwag_client::Error> {
    /// room.ban(&peer).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`remove`](Self::remove).
    pub async fn ban(&self, peer: &PeerId) -> Result<(), Error> {
        self.take_away(peer, true).await
    }

    async fn take_away(&self, peer: &PeerId, ban: bool) -> Result<(), Error> {
        let remove = RemoveMember { room: self.room(), peer_id: peer.to_string(), ban };
        self.handle.request(Body::RemoveMember(remove), Reply::Done).await
    }

    /// Ends the room for everybody. Owners only.
    ///
    /// ```no_run
    /// # async fn example(room: wigwag_client::Room) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::Role;
    ///
    /// if room.me().is_some_and(|me| me.role == Role::Owner) {
    ///     room.end().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `NOT_JOINED`, `FORBIDDEN`; and `RESET` and `CLOSED`.
    pub async fn end(&self) -> Result<(), Error> {
        self.handle.request(Body::EndRoom(EndRoom { room: self.room() }), Reply::Done).await
    }

    /// Leaves the room.
    ///
    /// ```no_run
    /// # async fn example(room: wigwag_client::Room) -> Result<(), wigwag_client::Error> {
    /// room.leave().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `NOT_JOINED`; and `RESET` and `CLOSED`.
    pub async fn leave(&self) -> Result<(), Error> {
        self.handle.request(Body::Leave(Leave { room: self.room() }), Reply::Done).await
    }

    /// What happens in the room, from the moment of joining. The stream ends with [`Event::Left`].
    ///
    /// ```no_run
    /// # async fn example(room: wigwag_client::Room) -> Result<(), wigwag_client::Error> {
    /// let mut events = room.events();
    /// while let Some(event) = events.next().await {
    ///     println!("{event:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn events(&self) -> Events {
        Events::new(self.seat.events.clone())
    }

    /// Throws this room's events away from now on, so that nobody has to read them. [`members`](Self::members) stays
    /// up to date.
    ///
    /// ```no_run
    /// # fn example(room: wigwag_client::Room) {
    /// // A bot that only sends.
    /// room.ignore_events();
    /// # }
    /// ```
    pub fn ignore_events(&self) {
        self.seat.events.close();
    }

    fn room(&self) -> String {
        self.seat.name.to_string()
    }
}

/// What the handles of one seat share.
pub(crate) type Seat = Arc<SeatInner>;

#[derive(Debug)]
pub(crate) struct SeatInner {
    pub(crate) name: Arc<str>,
    pub(crate) roster: watch::Receiver<Roster>,
    pub(crate) events: async_channel::Receiver<Event>,
    pub(crate) created: bool,
    pub(crate) found: Vec<Member>,
}

impl SeatInner {
    pub(crate) fn new(
        name: Arc<str>,
        roster: watch::Receiver<Roster>,
        events: async_channel::Receiver<Event>,
        created: bool,
        found: Vec<Member>,
    ) -> Seat {
        Arc::new(Self { name, roster, events, created, found })
    }
}
