//! The session of a compatibility client: requests go in as frames of the API, what the session receives comes out as
//! events.

use std::{
    collections::{HashMap, HashSet},
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use prost::Message as _;
use tokio::time::Instant;
use wigwag_hub::{
    Attachment, Body, Item, PeerId, Reason, RoomName,
    error::{DetachReason, StepError},
    frame::Delivery,
    member::Member,
    session::Fetched,
};
use wigwag_node::{
    auth::Caller,
    connection::{Applier, FETCH_BYTES, FrameOutcome, NameCache, RateLimit, TokenExpiry},
    error::ApiError,
    frame::RawBody,
    node::{Node, OpenNamed},
};
use wigwag_proto::v1::{self as pb, envelope::Payload, server_frame};

use crate::{
    error::CompatError,
    names::{looks_like_peer_id, same_protocol},
    roster::{Roster, RosterChange},
};

/// A session that is not resumable. Dropping it detaches it, which ends it.
pub(crate) struct CompatSession {
    attachment: Arc<dyn Attachment>,
    applier: Applier,
    seq: u32,
    /// Numbers of requests to create a room that are not answered yet. Bounded by the mailbox, since every request is
    /// answered.
    creating: HashSet<u32>,
    rosters: HashMap<RoomName, Roster>,
    items: Vec<Item>,
    /// The number of the last frame that was fetched.
    fetched: u32,
    /// When the ticket ends the session, if it does.
    expiry: Option<Box<TokenExpiry>>,
}

/// What a session receives.
#[derive(Debug)]
pub(crate) enum ClientEvent {
    /// A signal. `from` is empty when a backend sent it.
    Signal { from: String, payload: Payload },
    /// The client is a member of the room, whose members [`CompatSession::roster`] returns. `created`: the client created
    /// the room.
    Joined { room: RoomName, created: bool },
    /// Another peer joined the room.
    MemberJoined { room: RoomName, member: Arc<Member> },
    /// Another peer left the room.
    MemberLeft { room: RoomName, member: Arc<Member>, reason: Reason },
    /// The client is no longer a member of the room.
    Left { room: RoomName, roster: Option<Roster>, reason: Reason },
    /// A request that is answered without data succeeded.
    Done,
    /// A request was refused.
    Refused(CompatError),
    /// A signal of the client could not be delivered.
    Undelivered { peer: PeerId, reason: Reason },
    /// The node is draining; `at` is when this client has to leave.
    GoAway { at: Instant },
}

impl CompatSession {
    /// Opens a session.
    pub(crate) async fn open(node: &Node, caller: &Caller, request: OpenNamed) -> Result<Self, ApiError> {
        let identity = request.ticket.as_ref().map(|ticket| ticket.identity.clone());
        let ends_at_ms = identity.as_ref().map(|identity| identity.expires_at_ms).filter(|at| *at < u64::MAX);
        let expiry = ends_at_ms.map(|at| Box::new(TokenExpiry::new(at, false, node.now())));
        let attachment = node.open_named(caller, request).await?;
        let caller = Caller { identity, token: None, headers: None, ..caller.clone() };
        let applier = Applier { node: node.clone(), caller, uplink: attachment.clone() };
        Ok(Self {
            attachment,
            applier,
            seq: 0,
            creating: HashSet::new(),
            rosters: HashMap::new(),
            items: Vec::new(),
            fetched: 0,
            expiry,
        })
    }

    /// Opens a session. If its peer id is taken by a session with the same secret, replaces that one: its client is back
    /// before the server noticed that the connection was lost. Also returns whether it did.
    pub(crate) async fn open_or_replace(
        node: &Node,
        caller: &Caller,
        request: OpenNamed,
    ) -> Result<(Self, bool), ApiError> {
        match Self::open(node, caller, request.clone()).await {
            Err(error) if error.reason == "PEER_ID_TAKEN" => {
                if node.replace(&request).await? {
                    return Ok((Self::open(node, caller, request).await?, true));
                }
                Err(error)
            }
            opened => opened.map(|session| (session, false)),
        }
    }

    pub(crate) fn peer(&self) -> &PeerId {
        self.attachment.peer()
    }

    /// Returns the rooms the client is in.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = &RoomName> {
        self.rosters.keys()
    }

    pub(crate) fn roster(&self, room: &RoomName) -> Option<&Roster> {
        self.rosters.get(room)
    }

    /// Sends a signal: to all other members of a room if `to` is empty, to one member of it, or, if `room` is empty, to any
    /// peer.
    pub(crate) async fn send(&mut self, room: &str, to: &str, payload: Payload) -> Result<(), ApiError> {
        let envelope = pb::Envelope {
            room: room.to_owned(),
            to: to.to_owned(),
            payload: Some(payload),
            ..pb::Envelope::default()
        };
        let seq = self.next_seq();
        let submitted =
            self.applier.submit(self.applier.node.now(), seq, &envelope.encode_to_vec(), &mut NameCache::default())?;
        match submitted.wait().await {
            Ok(()) | Err(StepError::Seen | StepError::Gap { .. }) => Ok(()),
            Err(StepError::Refused(error)) => Err(error.into()),
            Err(StepError::Detached(reason)) => Err(reason.into()),
            Err(StepError::Store(error)) => Err(error.into()),
        }
    }

    /// Sends a signal to a member of a room. If the room has none of that id and the id belongs to a peer that does not use
    /// this protocol, sends it directly.
    pub(crate) async fn send_in_room_or_directly(
        &mut self,
        room: &str,
        to: &str,
        payload: Payload,
    ) -> Result<(), ApiError> {
        let sent = self.send(room, to, payload.clone()).await;
        let elsewhere = looks_like_peer_id(to) && !same_protocol(self.peer().as_str(), to);
        match sent {
            Err(absent) if absent.reason == "PEER_NOT_FOUND" && elsewhere => {
                match self.send("", to, payload).await {
                    // A client of a room need not know that direct messages are switched off.
                    Err(error) if error.reason == "FORBIDDEN" => Err(absent),
                    sent => sent,
                }
            }
            sent => sent,
        }
    }

    /// Sends a request. Its answer is an event.
    pub(crate) async fn request(&mut self, body: RawBody) {
        let seq = self.next_seq();
        if matches!(body, RawBody::CreateRoom(_)) {
            self.creating.insert(seq);
        }
        match self.applier.apply(seq, Some(body)).await {
            FrameOutcome::Applied | FrameOutcome::Bye => {}
            // The session is over, which the next call of `next_events` returns.
            FrameOutcome::Gap { .. } | FrameOutcome::Fatal(_) | FrameOutcome::Detached(_) => {}
        }
    }

    /// Waits for events and appends them to `events`. Cancel safe.
    pub(crate) async fn next_events(&mut self, events: &mut Vec<ClientEvent>) -> Fetched {
        poll_fn(|cx| self.poll_events(cx, events)).await
    }

    /// Appends the events that are ready, at most about 16 KiB of them.
    pub(crate) fn ready_events(&mut self, events: &mut Vec<ClientEvent>) {
        // `next_events` registers its waker on every poll, so that replacing it here loses no wakeup.
        let _ = self.poll_events(&mut Context::from_waker(Waker::noop()), events);
    }

    fn poll_events(&mut self, cx: &mut Context<'_>, events: &mut Vec<ClientEvent>) -> Poll<Fetched> {
        let now = self.applier.node.now();
        if self.expiry.as_mut().is_some_and(|expiry| expiry.poll(cx, now).is_ready()) {
            self.expiry = None;
            // A store that does not answer ends it later: nothing renews it.
            self.attachment.close(now, Reason::Forbidden).forget();
        }
        let fetched = self.attachment.fetch(now, cx.waker(), FETCH_BYTES, &mut self.items);
        if fetched == Fetched::Idle && self.items.is_empty() {
            return Poll::Pending;
        }
        for item in std::mem::take(&mut self.items) {
            if let Item::Numbered { seq, .. } = item {
                self.fetched = seq;
            }
            self.translate(item, events);
        }
        Poll::Ready(fetched)
    }

    /// Records activity of the client, and returns its message or, when the client is over its rate limit, holds it back.
    pub(crate) fn admit<T>(&self, rate_limit: &mut RateLimit<T>, message: T, bytes: usize) -> Option<T> {
        let now = self.applier.node.now();
        // Cannot fail: it acknowledges nothing.
        let _ = self.attachment.ack(now, 0);
        rate_limit.admit(now, &*self.attachment, message, bytes)
    }

    /// Returns the session's attachment.
    pub(crate) fn attachment(&self) -> &Arc<dyn Attachment> {
        &self.attachment
    }

    /// Returns what applies the session's frames, for waiting while the session is borrowed.
    pub(crate) fn applier(&self) -> Applier {
        self.applier.clone()
    }

    /// Returns the number of the last frame that was fetched.
    pub(crate) fn fetched(&self) -> u32 {
        self.fetched
    }

    /// Detaches the session, which ends it.
    pub(crate) async fn detach(&self, reason: DetachReason) {
        // A store that does not answer ends it later: nothing renews it.
        let _ = self.attachment.detach(self.applier.node.now(), reason).wait().await;
    }

    /// Ends the session for `reason`.
    pub(crate) async fn close(&self, reason: Reason) {
        // A store that does not answer ends it later: nothing renews it.
        let _ = self.attachment.close(self.applier.node.now(), reason).wait().await;
    }

    fn next_seq(&mut self) -> u32 {
        // Only pairs requests with answers: a session that is not resumable does not check the numbers.
        self.seq = self.seq.checked_add(1).unwrap_or(1);
        self.seq
    }

    fn translate(&mut self, item: Item, events: &mut Vec<ClientEvent>) {
        match item {
            Item::Numbered { reply_to, body, .. } => self.translate_body(reply_to, body, events),
            Item::Presence(event) => {
                let change = self.rosters.get_mut(&event.room).and_then(|roster| roster.change(&event));
                events.extend(change.map(|change| ClientEvent::roster_change(&event.room, change)));
            }
            Item::Roster(snapshot) => {
                let me = self.attachment.peer();
                let room = &snapshot.info.room;
                if let Some(roster) = self.rosters.get_mut(room) {
                    events.extend(
                        roster
                            .replace(&snapshot, me)
                            .into_iter()
                            .map(|change| ClientEvent::roster_change(room, change)),
                    );
                }
            }
            Item::GoAway { reconnect_after_ms, .. } => {
                let at = Instant::now() + std::time::Duration::from_millis(reconnect_after_ms.into());
                events.push(ClientEvent::GoAway { at });
            }
        }
    }

    fn translate_body(&mut self, reply_to: u32, body: Body, events: &mut Vec<ClientEvent>) {
        let created = self.creating.remove(&reply_to);
        events.push(match body {
            Body::Envelope(bytes) => {
                // The hub decoded it when it accepted it.
                let Ok(pb::Envelope { from, payload: Some(payload), .. }) = pb::Envelope::decode(bytes) else { return };
                ClientEvent::Signal { from, payload }
            }
            Body::Joined(joined) => {
                let room = joined.snapshot.info.room.clone();
                self.rosters.insert(room.clone(), Roster::new(&joined.snapshot, self.attachment.peer()));
                ClientEvent::Joined { room, created }
            }
            Body::Left { room, reason } => {
                let roster = self.rosters.remove(&room);
                ClientEvent::Left { room, roster, reason }
            }
            Body::Done => ClientEvent::Done,
            Body::Receipt { peer, delivery: Delivery::Undeliverable(reason) } => {
                ClientEvent::Undelivered { peer, reason }
            }
            Body::Receipt { .. } => return,
            Body::Encoded(bytes) => match pb::ServerFrame::decode(bytes).map(|frame| frame.body) {
                Ok(Some(server_frame::Body::Error(error))) => ClientEvent::Refused(error.into()),
                // No other request is made here.
                _ => return,
            },
        });
    }
}

impl Drop for CompatSession {
    fn drop(&mut self) {
        self.attachment.detach(self.applier.node.now(), DetachReason::ConnectionLost).forget();
    }
}

impl ClientEvent {
    fn roster_change(room: &RoomName, change: RosterChange) -> Self {
        let room = room.clone();
        match change {
            RosterChange::Joined(member) => Self::MemberJoined { room, member },
            RosterChange::Left(member, reason) => Self::MemberLeft { room, member, reason },
        }
    }
}
