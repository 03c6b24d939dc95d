//! A handle to a room this session is a member of.

use std::{collections::HashMap, sync::Arc};

use wigwag_proto::v1::{EndRoom, Leave, RemoveMember, UpdateMember, client_frame::Body};

use crate::{
    driver::{Handle, Reply},
    error::Error,
    event::{EnvelopeId, Events},
    member::{Member, PeerId},
    membership::Membership,
    payload::Payload,
    receipt::PendingReceipt,
    room_info::RoomInfo,
};

/// A room this session is a member of. Clones are handles to the same membership.
///
/// Dropping every handle does not end the membership: call [`leave`](Self::leave) for that.
///
/// ```no_run
/// # async fn example(session: wigwag_client::Session) -> Result<(), wigwag_client::Error> {
/// use wigwag_client::{Event, Payload, SessionDescription};
///
/// let room = session.join("demo").await?;
/// let mut events = room.events();
/// // The peer that finds another one in the room makes the first offer.
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
    membership: Arc<Membership>,
    handle: Handle,
}

impl Room {
    pub(crate) fn new(membership: Arc<Membership>, handle: Handle) -> Self {
        Self { membership, handle }
    }

    /// Returns the room's name.
    ///
    /// ```no_run
    /// # fn example(room: wigwag_client::Room) {
    /// println!("in {}", room.name());
    /// # }
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.membership.room
    }

    /// Returns whether joining created the room.
    ///
    /// ```no_run
    /// # fn example(room: wigwag_client::Room) {
    /// if room.was_created() {
    ///     println!("this room is new");
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn was_created(&self) -> bool {
        self.membership.created
    }

    /// Returns the room's latest known settings.
    ///
    /// ```no_run
    /// # fn example(room: wigwag_client::Room) {
    /// let info = room.info();
    /// println!("{} of {} members", info.member_count, info.max_members);
    /// # }
    /// ```
    #[must_use]
    pub fn info(&self) -> RoomInfo {
        self.membership.roster.borrow().info.clone()
    }

    /// Returns this session's own entry.
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
        self.membership.roster.borrow().me.clone()
    }

    /// Returns the members that were there when this session joined, in the order in which they joined. Later joins are
    /// reported by [`Event::MemberJoined`](crate::Event::MemberJoined). By convention the peer that finds another one here
    /// makes the first offer, so that two peers never both do.
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
        &self.membership.found
    }

    /// Returns the other members as last known, in the order in which they joined. May be ahead of the events read.
    ///
    /// ```no_run
    /// # fn example(room: wigwag_client::Room) {
    /// let names: Vec<String> = room.members().into_iter().map(|member| member.display_name).collect();
    /// println!("with {}", names.join(", "));
    /// # }
    /// ```
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        self.membership.roster.borrow().members.clone()
    }

    /// Sends to one member. Returns when the envelope is queued: its order is then fixed, and it goes out on this connection
    /// or the next. Waits while 1,024 envelopes or 1 MiB are unacknowledged.
    ///
    /// A later failure is reported by [`Event::SendFailed`](crate::Event::SendFailed) (`PEER_NOT_FOUND`, …) or
    /// [`Event::Undeliverable`](crate::Event::Undeliverable). Dropping the future before it completes may or may not send
    /// the envelope.
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
    /// `NOT_JOINED`, `FRAME_TOO_LARGE`, `CLOSED`, or the reason why the session ended.
    pub async fn send(&self, to: &PeerId, payload: impl Into<Payload>) -> Result<EnvelopeId, Error> {
        self.handle.send(Some(self.membership.room.clone()), Some(to), payload.into()).await
    }

    /// Sends as [`send`](Self::send) does, and returns a future of the receipt.
    ///
    /// ```no_run
    /// # async fn example(room: wigwag_client::Room, peer: wigwag_client::PeerId) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::{Outcome, Payload};
    ///
    /// let receipt = room.send_with_receipt(&peer, Payload::Text("are you there?".into())).await?;
    /// if receipt.await?.outcome == Outcome::Delivered {
    ///     println!("yes");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and `LIMIT_EXCEEDED` while 16,384 receipts are awaited.
    pub async fn send_with_receipt(&self, to: &PeerId, payload: impl Into<Payload>) -> Result<PendingReceipt, Error> {
        self.handle.send_with_receipt(Some(self.membership.room.clone()), to, payload.into()).await
    }

    /// Sends to all other members: those in the room when the server accepts the envelope.
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
        self.handle.send(Some(self.membership.room.clone()), None, payload.into()).await
    }

    /// Changes this session's entry: the name if given; `metadata` is merged, and an empty value deletes its key.
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

    /// Removes a member from the room. Owners only.
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
        self.remove_member(peer, false).await
    }

    /// Removes a member and keeps it out until the room ends. Owners only.
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
        self.remove_member(peer, true).await
    }

    async fn remove_member(&self, peer: &PeerId, ban: bool) -> Result<(), Error> {
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

    /// Returns the events of the room since this session joined. The stream ends with
    /// [`Event::Left`](crate::Event::Left).
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
        Events::new(self.membership.events.clone())
    }

    /// Discards this room's events from now on, so that they need not be read. [`members`](Self::members) stays up to
    /// date.
    ///
    /// ```no_run
    /// # fn example(room: wigwag_client::Room) {
    /// // A bot that only sends.
    /// room.ignore_events();
    /// # }
    /// ```
    pub fn ignore_events(&self) {
        self.membership.events.close();
    }

    fn room(&self) -> String {
        self.membership.room.to_string()
    }
}
